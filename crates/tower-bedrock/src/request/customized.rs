use aws_sdk_bedrockruntime::config::Builder;
use std::{fmt, sync::Arc};

/// What one request changes of the client's configuration.
#[derive(Clone)]
pub(crate) struct Customized {
    config: Arc<Builder>,
    region: Option<Arc<str>>,
    has_interceptors: bool,
}

impl Customized {
    pub(super) fn new(config: Builder) -> Self {
        // Only a whole configuration shows what is in it.
        let whole = config.clone().build();
        Self {
            region: whole.region().map(|region| Arc::from(region.as_ref())),
            has_interceptors: whole.interceptors().next().is_some(),
            config: Arc::new(config),
        }
    }

    pub(crate) fn config(&self) -> Builder {
        Builder::clone(&self.config)
    }

    pub(crate) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    pub(crate) const fn has_interceptors(&self) -> bool {
        self.has_interceptors
    }
}

/// The SDK's own shows interceptors, which may show anything.
impl fmt::Debug for Customized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customized").finish_non_exhaustive()
    }
}
