//! Which model an id stands for, and what a table says of it.

mod base_model;
mod prefix_table;

pub(crate) use self::{base_model::base_model, prefix_table::PrefixTable};
