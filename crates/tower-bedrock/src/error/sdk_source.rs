use super::chain::{Cause, chain};
use std::{error::Error as StdError, fmt};

/// The SDK's error as the source of one of ours, which shows nothing of what it holds.
///
/// The SDK's own `Debug` shows the whole HTTP response, and some of its texts the whole request. What
/// is safe of them is in our error's message. So the chain of sources ends here, and
/// [`Error::sdk_error`](super::Error::sdk_error) leads on.
pub(super) struct SdkSource(Box<dyn StdError + Send + Sync>);

impl SdkSource {
    pub(super) fn new(error: impl StdError + Send + Sync + 'static) -> Self {
        Self(Box::new(error))
    }

    /// The first one in the chain of an error.
    pub(super) fn of(error: Cause<'_>) -> Option<&Self> {
        chain(error).find_map(|cause| cause.downcast_ref())
    }

    pub(super) fn get(&self) -> Cause<'_> {
        &*self.0
    }
}

impl fmt::Display for SdkSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Which of its variants it is, in fixed words.
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for SdkSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SdkSource").finish_non_exhaustive()
    }
}

impl StdError for SdkSource {}
