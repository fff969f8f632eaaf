//! How is a call of the SDK's own builders sent through a service?

mod builders;
mod future;
mod send_through;

pub use self::{future::SendThroughFuture, send_through::SendThrough};
