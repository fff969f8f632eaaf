//! Bodies of Converse.

pub(super) mod answer;
mod content;
pub(super) mod echo;
mod messages;
pub(super) mod request;
pub(super) mod tools;
