//! The future of [`Retry`](crate::Retry).

mod charge;
mod response_future;
mod retrying;
mod spare;

pub use self::response_future::ResponseFuture;
pub(crate) use self::spare::Spare;
