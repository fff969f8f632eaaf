//! Which model does an id stand for, and what does a table say of it?

mod base_model;
mod prefix_table;

pub(crate) use self::{base_model::base_model, prefix_table::PrefixTable};
