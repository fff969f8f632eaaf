//! Which circuit decides about a request? Read `key_of`, then `circuits`, then `key_map`, which
//! bounds how many are kept.

mod circuits;
mod key_map;
mod key_of;
mod single_circuit;

pub use self::circuits::Circuits;
pub use self::key_of::KeyOf;
pub use self::single_circuit::SingleCircuit;
