//! What does a server of ours tell its caller of an error?
//!
//! Read `problem`, then `of_error`, which decides it for each kind.

#[cfg(feature = "axum")]
mod axum;
mod of_error;
mod problem;
mod response;

pub use self::problem::Problem;
