use super::{Ends, Origin, Response, ResponseMetadata, Usage};
use crate::{
    record::{Record, Replay},
    telemetry::Watch,
};
use aws_smithy_types::body::SdkBody;
use std::{any::Any, sync::Arc};
use tokio::time::Instant;
use tower_response_cache::CacheStatus;

/// What the layers do with an answer, whatever it is of. It seals `Operation::Response`, as nobody
/// outside can name it.
pub trait Reply: Sized + Send + 'static {
    /// Whether the answer goes on after the call.
    const STREAMS: bool;

    fn meta(&self) -> &ResponseMetadata;

    fn meta_mut(&mut self) -> &mut ResponseMetadata;

    /// Those who wait for the end of an answer that goes on.
    fn ends(&self) -> Option<&Ends>;

    /// Has the end told to who watches the call, of an answer that goes on; gives it back otherwise.
    fn watch(&mut self, call: Watch) -> Option<Watch>;

    /// What a cache holds of it, if it can be held.
    fn shared(&self) -> Option<Arc<dyn Any + Send + Sync>>;

    /// The record of an answer that goes on, as long as all of it can be had.
    fn record(&self) -> Option<&Record<SdkBody>>;

    /// Sets the deadline of whoever reads an answer that goes on.
    fn end_by(&mut self, deadline: Instant);

    /// Reads an answer to its end that nobody else reads.
    fn finish(self);

    /// Another caller's answer, of what a cache holds; `None` if that is of another type, or cannot be
    /// read any more.
    fn from_shared(
        held: Arc<dyn Any + Send + Sync>,
        saved: Option<Usage>,
        origin: Origin,
        status: CacheStatus,
        replay: Replay,
    ) -> Option<Self>;
}

impl<O: Send + Sync + 'static> Reply for Response<O> {
    const STREAMS: bool = false;

    fn meta(&self) -> &ResponseMetadata {
        Self::meta(self)
    }

    fn meta_mut(&mut self) -> &mut ResponseMetadata {
        &mut self.meta
    }

    fn ends(&self) -> Option<&Ends> {
        None
    }

    fn watch(&mut self, call: Watch) -> Option<Watch> {
        Some(call)
    }

    fn record(&self) -> Option<&Record<SdkBody>> {
        None
    }

    fn end_by(&mut self, _: Instant) {}

    fn finish(self) {}

    fn shared(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(Arc::clone(&self.output) as _)
    }

    fn from_shared(
        held: Arc<dyn Any + Send + Sync>,
        saved: Option<Usage>,
        origin: Origin,
        status: CacheStatus,
        _: Replay,
    ) -> Option<Self> {
        Some(Self::from_cache(
            held.downcast().ok()?,
            saved,
            origin,
            status,
        ))
    }
}
