use super::{event::StreamEvent, event_stream::EventStream, live_share::LiveShare};
use crate::{
    record::{Record, Recording, Replay},
    response::{Ends, Origin, Reply, ResponseMetadata, Usage},
    telemetry::Watch,
};
use aws_smithy_types::body::SdkBody;
use std::{any::Any, sync::Arc};
use tokio::time::Instant;
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

    fn watch(&mut self, call: Watch) -> Option<Watch> {
        self.watch(call)
    }

    fn record(&self) -> Option<&Record<SdkBody>> {
        self.record()
    }

    fn end_by(&mut self, deadline: Instant) {
        self.end_by(deadline);
    }

    fn finish(self) {
        self.read_in_background();
    }

    fn shared(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(Arc::new(self.share()?) as _)
    }

    fn from_shared(
        held: Arc<dyn Any + Send + Sync>,
        saved: Option<Usage>,
        origin: Origin,
        status: CacheStatus,
        replay: Replay,
    ) -> Option<Self> {
        let meta = ResponseMetadata::from_cache(saved, origin, status);
        match held.downcast::<LiveShare>() {
            Ok(live) => Self::joined(&live, meta),
            Err(held) => {
                let recording = held.downcast::<Recording>().ok()?;
                Self::replayed(&recording, replay, meta)
            }
        }
    }
}
