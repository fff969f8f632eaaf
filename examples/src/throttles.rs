use aws_sdk_bedrockruntime::config::{
    ConfigBag, Intercept, RuntimeComponents,
    interceptors::BeforeDeserializationInterceptorContextRef,
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Counts the answers with status 429, those that a retry then hides included.
///
/// Add a clone of it to an SDK client's interceptors.
#[derive(Debug, Clone, Default)]
pub struct Throttles(Arc<AtomicU64>);

impl Throttles {
    /// How many there were so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts one that came another way, such as inside of a stream.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Intercept for Throttles {
    fn name(&self) -> &'static str {
        "Throttles"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if context.response().status().as_u16() == 429 {
            self.add();
        }
        Ok(())
    }
}
