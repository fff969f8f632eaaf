//! Why a call failed: one type for every operation and every layer.

mod error;
mod from_sdk;
mod hint;
mod kind;
mod reach;

pub use self::{error::Error, kind::ErrorKind};
