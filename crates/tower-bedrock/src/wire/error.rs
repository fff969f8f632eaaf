use std::{error::Error as StdError, fmt, sync::Arc};

/// The SDK cannot serialize an input.
#[derive(Debug, Clone)]
pub struct EncodeError {
    // Shared, for all clones of a request have the error of one attempt to serialize it.
    source: Arc<dyn StdError + Send + Sync>,
}

impl EncodeError {
    pub(crate) fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            source: Arc::from(source.into()),
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
