//! Which calls does Bedrock take, and what does each add to the general case?
//!
//! Read `operation`, then `details`, then one of the ten.

mod answer;
mod apply_guardrail;
mod beginning;
mod conversation;
mod converse;
mod converse_stream;
mod count_tokens;
mod details;
mod get_async_invoke;
mod invocation;
mod invoke_body;
mod invoke_guardrail_checks;
mod invoke_model;
mod invoke_model_stream;
mod list_async_invokes;
mod operation;
mod sampling;
mod start_async_invoke;
mod unary;

pub(crate) use self::answer::answer;
pub(crate) use self::sampling::Sampling;
pub use self::{operation::Operation, unary::UnaryOperation};
use crate::response::Ending;
