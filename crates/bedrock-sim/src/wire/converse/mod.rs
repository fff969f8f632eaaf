//! Bodies of Converse.

pub(super) mod answer;
pub(super) mod request;
