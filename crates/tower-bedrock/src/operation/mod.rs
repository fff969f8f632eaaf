//! The operations that the leaf serves: what each adds to the general case, which is in `operation`.

mod apply_guardrail;
mod converse;
mod count_tokens;
mod ending;
mod invoke_body;
mod invoke_model;
mod operation;

pub use self::operation::Operation;
use self::operation::plumbing;
pub(crate) use self::{ending::Ending, operation::sealed};
