//! Is an answer over HTTP worth another attempt?
//!
//! Read [`classifier`] first, and [`statuses`]: the table. [`call`] is what one call needs of it,
//! [`exceptions`] what users put before it, [`retry_after`] the server's hint, and [`errors`] looks for
//! a cause within an error.

mod call;
mod classifier;
mod errors;
mod exceptions;
mod retry_after;
mod statuses;

pub use self::{call::HttpCall, classifier::HttpClassifier};
