//! The ledger of one process: `memory_ledger` finds the `key_state` of a call, or makes it with the
//! `limits_now`; `admit` waits there, and a `memory_ticket` goes with the call,
//! or `both_tickets`. `alarms` let a key
//! go on, each of them a timer of one `runtime`. The `key_table` forgets idle keys; where it is full
//! new ones share an `overflow`.

mod admit;
mod alarms;
mod both_tickets;
#[cfg(feature = "shared")]
mod driver;
mod key_state;
mod key_table;
mod limits_now;
mod memory_ledger;
mod memory_ticket;
mod overflow;
#[cfg(not(loom))]
mod runtime;
#[cfg(loom)]
#[path = "runtime/model.rs"]
mod runtime;
mod sync;

pub use self::admit::Admit;
pub use self::memory_ledger::MemoryLedger;
pub(crate) use self::memory_ticket::MemoryTicket;
