//! What goes differently than in an ordinary call? Read `kind`, then `fault` and `script`.

mod fault;
mod invalid;
mod kind;
pub(crate) mod script;
mod stage;

pub(crate) use self::stage::Stage;
pub use self::{fault::Fault, invalid::InvalidFault, kind::FaultKind, script::Script};
