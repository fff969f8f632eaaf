//! What is told of calls that are retried and given up: to callbacks, events, metrics and counts.

mod callbacks;
mod give_up_cause;
mod give_up_event;
mod retry_cause;
mod retry_event;

pub(crate) use callbacks::Callbacks;
pub use give_up_cause::GiveUpCause;
pub use give_up_event::GiveUpEvent;
pub use retry_cause::RetryCause;
pub use retry_event::RetryEvent;
