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
    pub(crate) mark: Option<Mark>,
    pub(crate) ending: Option<Ending>,
    pub(crate) usage: Option<Usage>,
}

/// A step towards the end of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The message is whole.
    Complete,
    /// One of several answers to one request goes on.
    ChoiceOpen(u32),
    /// One of several answers to one request is whole.
    ChoiceComplete(u32),
}
