//! What do processes share, and by which server?

mod error;
mod fleet;
#[cfg(test)]
mod tests;

pub use self::{error::FleetError, fleet::Fleet};
