//! What do bodies and frames look like? Read `request` for what comes in and `format` for what goes
//! out; each leads to one of `converse`, `anthropic` and `nova`.

mod anthropic;
pub(crate) mod apply_guardrail;
mod cache_point;
mod converse;
pub(crate) mod count_tokens;
pub(crate) mod event_stream;
mod family;
mod format;
mod headers;
mod json;
mod nova;
pub(crate) mod request;
pub(crate) mod service_error;
mod stream_exception;
pub(crate) mod timing;

pub use self::stream_exception::StreamException;
