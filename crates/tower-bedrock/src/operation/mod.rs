//! Which calls does Bedrock take, and what does each add to the general case?
//!
//! Read `operation`, then `details`, then one of the four.

mod apply_guardrail;
mod codec;
mod converse;
mod count_tokens;
mod details;
mod ending;
mod invoke_body;
mod invoke_model;
mod operation;
mod unary;

pub(crate) use self::ending::Ending;
pub use self::{operation::Operation, unary::UnaryOperation};
