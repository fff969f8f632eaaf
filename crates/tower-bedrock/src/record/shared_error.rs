use aws_smithy_types::body::Error as BoxError;
use std::{error::Error as StdError, fmt, sync::Arc};

/// What a body broke with, for each of its readers.
#[derive(Debug, Clone)]
pub(super) struct SharedError(Arc<BoxError>);

impl SharedError {
    pub(super) fn new(error: impl Into<BoxError>) -> Self {
        Self(Arc::new(error.into()))
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for SharedError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // Itself is the outermost one: whoever looks for an `io::Error` finds it below.
        let outermost: &(dyn StdError + 'static) = &**self.0;
        Some(outermost)
    }
}
