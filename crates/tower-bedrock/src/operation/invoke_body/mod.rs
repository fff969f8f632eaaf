//! What the bodies of `InvokeModel` say under the names of each family of models.

mod answered;
mod asked;
mod wordless;

pub(super) use self::{
    answered::ending,
    asked::{is_sampled, sampling},
    wordless::Wordless,
};
