use std::borrow::Cow;

use super::{DrawnText, tokens};

/// What the model writes: given by someone, or made up.
pub(crate) enum Text {
    Said(String),
    Drawn(DrawnText),
}

impl Text {
    /// The whole of it at once.
    pub(crate) fn whole(&self) -> Cow<'_, str> {
        match self {
            Self::Said(text) => Cow::Borrowed(text),
            Self::Drawn(text) => Cow::Owned(text.clone().piece(usize::MAX)),
        }
    }

    pub(super) fn tokens(&self) -> u64 {
        match self {
            Self::Said(text) => tokens::text(text),
            Self::Drawn(text) => tokens::characters(text.characters()),
        }
    }
}
