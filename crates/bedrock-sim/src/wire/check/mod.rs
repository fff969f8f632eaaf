//! How is a request checked, and what does the service say if something is wrong? Read `json`, then
//! `service_error`.

pub(crate) mod error_text;
mod json;
mod service_error;
mod stream_exception;

pub use self::stream_exception::StreamException;
pub(crate) use self::{
    json::{Checker, JsonField, parse},
    service_error::ServiceError,
};
