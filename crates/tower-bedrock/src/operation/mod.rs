//! Which calls does Bedrock take, and what does each add to the general case?
//!
//! Read `operation`, then `details`, then one of the six.

mod apply_guardrail;
mod converse;
mod converse_stream;
mod count_tokens;
mod details;
mod invoke_body;
mod invoke_model;
mod invoke_model_stream;
mod operation;
mod unary;

pub use self::{operation::Operation, unary::UnaryOperation};
use crate::response::Ending;
