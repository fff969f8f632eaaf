//! Which model does an id stand for, and what does a table say of it?

mod arn;
mod base_model;
mod claude;
mod no_text;
mod one_name;
mod prefix_table;

pub(crate) use self::{
    arn::{is_application_profile, is_draft_prompt, is_number, region},
    base_model::{base_model, geography},
    claude::{Claude, Line},
    no_text::NO_TEXT,
    one_name::one_name,
    prefix_table::PrefixTable,
};
