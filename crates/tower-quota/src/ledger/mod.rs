//! Who admits calls: the trait `ledger`, the `ticket` that it gives out, and the `reservation`
//! that ends the ticket once. `memory` is the ledger of one process.

mod ledger;
pub(crate) mod memory;
mod reservation;
mod ticket;

pub use self::ledger::Ledger;
pub use self::reservation::Reservation;
pub use self::ticket::Ticket;
