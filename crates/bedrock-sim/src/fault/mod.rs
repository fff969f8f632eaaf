//! What goes wrong, and for which calls? Read `kind` and `fault`, then `script` and
//! `pending`.

mod entry;
mod fault;
mod invalid;
mod kind;
mod pending;
mod script;
mod scripted_call;
mod stage;

pub use self::{
    entry::ScriptEntry, fault::Fault, invalid::InvalidFault, kind::FaultKind, script::Script,
};
pub(crate) use self::{pending::PendingScript, scripted_call::ScriptedCall, stage::Stage};
