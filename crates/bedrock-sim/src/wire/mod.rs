//! What do bodies and frames look like? Read `operation`, then `format`.

mod anthropic;
pub(crate) mod apply_guardrail;
mod converse;
pub(crate) mod count_tokens;
pub(crate) mod event_stream;
pub(crate) mod format;
mod headers;
mod json;
mod nova;
mod operation;
pub(crate) mod service_error;
mod stream_exception;

pub use self::{operation::Operation, stream_exception::StreamException};
