//! What do bodies and frames look like? Read `request` for what comes in and `format` for what goes
//! out; each leads to one of `converse`, `anthropic` and `nova`.

mod anthropic;
pub(crate) mod apply_guardrail;
mod cache_point;
mod converse;
pub(crate) mod count_tokens;
pub(crate) mod error_text;
pub(crate) mod event_stream;
mod family;
mod format;
mod headers;
mod json;
mod nova;
mod request;
mod service_error;
mod stream_exception;
mod timing;

use self::json::{Checker, parse};
pub use self::stream_exception::StreamException;
pub(crate) use self::{
    json::JsonField, request::Request, service_error::ServiceError, timing::Timing,
};
