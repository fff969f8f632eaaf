use super::{Origin, Response, ResponseMetadata, Usage};
use std::{any::Any, sync::Arc};
use tower_response_cache::CacheStatus;

/// What the layers do with an answer, whatever it is of. It seals `Operation::Response`, as nobody
/// outside can name it.
pub trait Reply: Sized + Send + 'static {
    fn meta(&self) -> &ResponseMetadata;

    fn meta_mut(&mut self) -> &mut ResponseMetadata;

    /// What a cache holds of it.
    fn shared(&self) -> Arc<dyn Any + Send + Sync>;

    /// Another caller's answer, of what a cache holds; `None` if that is of another type.
    fn from_shared(
        held: Arc<dyn Any + Send + Sync>,
        saved: Option<Usage>,
        origin: Origin,
        status: CacheStatus,
    ) -> Option<Self>;
}

impl<O: Send + Sync + 'static> Reply for Response<O> {
    fn meta(&self) -> &ResponseMetadata {
        Self::meta(self)
    }

    fn meta_mut(&mut self) -> &mut ResponseMetadata {
        &mut self.meta
    }

    fn shared(&self) -> Arc<dyn Any + Send + Sync> {
        Arc::clone(&self.output) as _
    }

    fn from_shared(
        held: Arc<dyn Any + Send + Sync>,
        saved: Option<Usage>,
        origin: Origin,
        status: CacheStatus,
    ) -> Option<Self> {
        Some(Self::from_cache(
            held.downcast().ok()?,
            saved,
            origin,
            status,
        ))
    }
}
