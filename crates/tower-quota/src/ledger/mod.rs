//! For those who write a ledger of their own: who admits calls.
//!
//! A [`Ledger`] admits a call with a [`Reservation`], which ends the ledger's [`Ticket`] once.
//! [`QuotaLayer::with_ledger`](crate::QuotaLayer::with_ledger) takes it. [`MemoryLedger`], the
//! ledger of one process, is what a layer has otherwise; [`Admit`] is its wait.
//!
//! [`MemoryLedger`]: crate::MemoryLedger
//! [`Reservation`]: crate::Reservation

#[expect(clippy::module_inception, reason = "the file of the trait it is about")]
mod ledger;
pub(crate) mod memory;
pub(crate) mod reservation;
mod ticket;

pub use self::ledger::Ledger;
pub use self::memory::Admit;
pub(crate) use self::reservation::Reservation;
pub use self::ticket::Ticket;
