//! What do bodies and frames look like? Read `request` for what comes in and `format` for what goes
//! out; each leads to one of `converse`, `anthropic` and `nova`, which stand on `check` and `part`.

mod anthropic;
pub(crate) mod apply_guardrail;
mod check;
mod converse;
pub(crate) mod count_tokens;
pub(crate) mod event_stream;
mod family;
mod format;
mod headers;
mod nova;
mod part;
mod request;

pub use self::check::StreamException;
pub(crate) use self::{
    check::{ServiceError, error_text},
    format::Format,
    part::Timing,
    request::Request,
};
