use super::choices::Choices;
use crate::response::{Ending, Usage};

/// What one event says about its stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tells {
    /// Whether the SDK could read it: one of a newer kind than the SDK says nothing.
    pub(crate) is_known: bool,
    /// Whether streams with such events say when they are whole.
    pub(crate) tells_its_end: bool,
    /// Whether it has something for the reader in it: a text with more in it than spaces, or the call of
    /// a tool.
    pub(crate) has_content: bool,
    /// The text in it, in bytes of UTF-8.
    pub(crate) text_bytes: u64,
    /// Whether the message is whole with it.
    pub(crate) is_last: bool,
    /// The answers that go on or end with it, where there may be several.
    pub(crate) choices: Choices,
    pub(crate) ending: Option<Ending>,
    pub(crate) usage: Option<Usage>,
}
