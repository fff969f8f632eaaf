//! How do threads share a circuit? Read `permit`, the way of one call, then `shard`, its quick
//! path, then `shared_circuit`, the way under the lock, whose `news` are told outside of it. A call
//! whose response goes on for long is an `outcome` from its beginning on.

mod news;
mod outcome;
mod packed_state;
mod permit;
mod shard;
mod shared_circuit;
mod sync;

pub use self::outcome::Outcome;
pub(crate) use self::permit::Permit;
pub(crate) use self::shard::{Shard, Shards};
pub(crate) use self::shared_circuit::SharedCircuit;
pub(crate) use self::sync::{Mutex, lock};
