use std::{error::Error as StdError, fmt};

/// The SDK cannot serialize an input.
#[derive(Debug)]
pub struct EncodeError {
    source: Box<dyn StdError + Send + Sync>,
}

impl EncodeError {
    pub(super) fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            source: source.into(),
        }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the input cannot be serialized")
    }
}

impl StdError for EncodeError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
