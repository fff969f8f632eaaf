use super::{event::StreamEvent, event_stream::EventStream};
use crate::response::{Ends, Origin, Reply, ResponseMetadata, Usage};
use std::{any::Any, sync::Arc};
use tower_response_cache::CacheStatus;

impl<E: StreamEvent> Reply for EventStream<E> {
    const STREAMS: bool = true;

    fn meta(&self) -> &ResponseMetadata {
        Self::meta(self)
    }

    fn meta_mut(&mut self) -> &mut ResponseMetadata {
        self.meta_mut()
    }

    fn ends(&self) -> Option<&Ends> {
        self.ends()
    }

    fn shared(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        None
    }

    fn from_shared(
        _: Arc<dyn Any + Send + Sync>,
        _: Option<Usage>,
        _: Origin,
        _: CacheStatus,
    ) -> Option<Self> {
        None
    }
}
