//! The ledger of one process: `memory_ledger` finds the `key_state` of a call, or makes it
//! with the `limits_now`; `admit` waits
//! there, and a `memory_ticket` goes with the call. A `timer` lets a key go on; `idle_keys` are
//! forgotten.

mod admit;
mod idle_keys;
mod key_state;
mod limits_now;
mod memory_ledger;
mod memory_ticket;
mod sync;
#[cfg(not(loom))]
mod timer;
#[cfg(loom)]
#[path = "timer/model.rs"]
mod timer;

pub use self::admit::Admit;
pub use self::memory_ledger::MemoryLedger;
pub(crate) use self::memory_ticket::MemoryTicket;
