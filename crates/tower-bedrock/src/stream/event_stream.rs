use super::{
    event::StreamEvent, live::Live, live_share::LiveShare, source::Source,
    stream_limits::StreamLimits, stream_terms::StreamTerms,
};
use crate::{
    error::Error,
    record::{Record, Recording, Replay},
    response::{Ends, Head, ResponseMetadata},
    telemetry::Watch,
};
use aws_sdk_bedrockruntime::primitives::event_stream::EventReceiver;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures_core::{FusedStream, Stream};
use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::Instant;

/// The answer to a streamed call: the SDK's own events, one after the other.
///
/// It is a [`Stream`] of `Result<E, Error>` that ends for good at its first error, and
/// [`recv`](Self::recv) reads it as the SDK's receiver is read. Dropped before its end it closes the
/// connection.
///
/// The end of the stream is the end of the message: one that breaks off before, also where the SDK's
/// receiver just ends, ends with an error of kind [`Truncated`](crate::ErrorKind::Truncated). An error
/// in the stream says [how much came before it](Error::events_delivered).
///
/// # In a test
///
/// [`from_events`](Self::from_events) makes one of events, [`from_results`](Self::from_results) one that
/// fails on its way, [`from_bytes`](Self::from_bytes) one of recorded bytes. The
/// [guide](crate::docs::streams) has an example.
///
/// # Panics
///
/// Reading a stream that [`Bedrock`](crate::Bedrock) answered with needs a tokio runtime with its timer.
pub struct EventStream<E: StreamEvent> {
    // Boxed for its timer, which may not move; and so a stream is small enough to be handed on from
    // layer to layer. `None` once it is on its way elsewhere.
    live: Option<Pin<Box<Live<E>>>>,
    ahead: VecDeque<E>,
    // Until the reader begins: by then it is known whether anybody shares the stream.
    record: Option<Record<SdkBody>>,
    is_shared: AtomicBool,
    /// Whether the call is charged for what the stream used: nobody pays for a stream twice.
    is_charged: bool,
    meta: ResponseMetadata,
}

impl<E: StreamEvent> EventStream<E> {
    /// A stream of events made by hand. Without the event that ends the message it is one that broke
    /// off.
    #[must_use]
    pub fn from_events(events: impl IntoIterator<Item = E>) -> Self {
        Self::from_results(events.into_iter().map(Ok))
    }

    /// A stream of events made by hand, which ends at the first error.
    #[must_use]
    pub fn from_results(events: impl IntoIterator<Item = Result<E, Error>>) -> Self {
        let events: Vec<_> = events.into_iter().collect();
        Self::of(Source::Made(events.into_iter()))
    }

    /// A stream of the bytes of a recorded one: frames of `application/vnd.amazon.eventstream`.
    ///
    /// The SDK's own reader reads them, so what it cannot read is an error in the stream.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        let response = http::Response::new(SdkBody::from(bytes.into()));
        let response = HttpResponse::try_from(response).ok();
        let receiver = response.and_then(E::receiver);
        Self::of(receiver.map_or(Source::Over, Source::Wire))
    }

    fn of(source: Source<E>) -> Self {
        let terms = StreamTerms::new(StreamLimits::new().first_event(None).next_event(None));
        let live = Live::new(source, terms, Ends::default(), None);
        Self {
            live: Some(Box::pin(live)),
            ahead: VecDeque::new(),
            record: None,
            is_shared: AtomicBool::new(false),
            is_charged: true,
            meta: ResponseMetadata::default(),
        }
    }

    /// What the SDK answered a call with, once its first event is there.
    pub(crate) async fn answered(
        receiver: EventReceiver<E, E::Exception>,
        head: Head,
        terms: StreamTerms,
    ) -> Result<Self, Error> {
        let source = Source::Wire(receiver);
        let live = Live::new(source, terms, Ends::default(), head.request_id.clone());
        let mut live = Box::pin(live);
        let ahead = live.peek().await?;
        Ok(Self {
            live: Some(live),
            ahead: ahead.into(),
            record: head.record.clone(),
            is_shared: AtomicBool::new(false),
            is_charged: true,
            meta: ResponseMetadata::answered(None, head),
        })
    }

    /// A stream that another caller reads, from its first event on; `None` if its beginning is gone.
    pub(super) fn joined(live: &LiveShare, meta: ResponseMetadata) -> Option<Self> {
        // First those who wait for the end: the last reader may be about to leave.
        let ends = live.ends.upgrade();
        let body = SdkBody::from_body_1_x(live.record.join()?);
        Self::from_cache(body, live.terms.joined(), ends, meta)
    }

    /// A stream that was recorded.
    pub(super) fn replayed(
        recording: &Recording,
        replay: Replay,
        meta: ResponseMetadata,
    ) -> Option<Self> {
        let terms = StreamTerms::new(StreamLimits::new().first_event(None).next_event(None));
        Self::from_cache(recording.body(replay), terms, Ends::default(), meta)
    }

    fn from_cache(
        body: SdkBody,
        terms: StreamTerms,
        ends: Ends,
        meta: ResponseMetadata,
    ) -> Option<Self> {
        let response = HttpResponse::try_from(http::Response::new(body)).ok()?;
        let source = Source::Wire(E::receiver(response)?);
        let live = Live::new(source, terms, ends, meta.origin.request_id.clone());
        Some(Self {
            live: Some(Box::pin(live)),
            ahead: VecDeque::new(),
            record: None,
            is_shared: AtomicBool::new(false),
            is_charged: false,
            meta,
        })
    }

    /// For others to read along; `None` once it is being read, or if it was made by hand.
    pub(super) fn share(&self) -> Option<LiveShare> {
        let (record, live) = self.record.as_ref().zip(self.live.as_ref())?;
        self.is_shared.store(true, Ordering::Relaxed);
        Some(LiveShare {
            record: record.clone(),
            terms: live.terms().clone(),
            ends: live.ends().downgrade(),
        })
    }

    pub(super) fn record(&self) -> Option<&Record<SdkBody>> {
        self.record.as_ref()
    }

    /// Its reader's own: a stream that is read along was begun under another one.
    pub(super) fn end_by(&mut self, deadline: Instant) {
        if let Some(live) = &mut self.live {
            live.as_mut().end_by(deadline);
        }
    }

    /// Has the end of its reader's stream told to who watches the call.
    pub(super) fn watch(&mut self, call: Watch) -> Option<Watch> {
        let Some(live) = &mut self.live else {
            return Some(call);
        };
        call.note(&self.meta);
        live.as_mut().watch(call);
        None
    }

    /// Reads it to its end, for those who wait for that.
    pub(super) fn read_in_background(mut self) {
        // Its limits bound it. A day is for those who have switched them off.
        const DAY: Duration = Duration::from_secs(24 * 3600);
        if let Some(live) = self.live.take() {
            live.read_in_background(DAY);
        }
    }

    pub(super) fn ends(&self) -> Option<&Ends> {
        self.live.as_ref().map(|live| live.ends())
    }

    /// How the stream came about: attempts, what a cache did, and more; and once the last event was
    /// read, the usage.
    #[must_use]
    pub fn meta(&self) -> &ResponseMetadata {
        &self.meta
    }

    pub(super) fn meta_mut(&mut self) -> &mut ResponseMetadata {
        &mut self.meta
    }

    /// The next event; `None` at the end of the message.
    ///
    /// Code that is written for the SDK's receiver reads this as well: its `output.stream.recv()` is
    /// `stream.recv()` here.
    ///
    /// # Cancellation
    ///
    /// No event is lost.
    ///
    /// # Errors
    ///
    /// What ends the stream before its message does. After that there is `None`.
    pub async fn recv(&mut self) -> Result<Option<E>, Error> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    /// Whether all of the message was read: nothing but its usage can come.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let live = self.live.as_ref();
        self.ahead.is_empty() && live.is_some_and(|live| live.progress().is_complete())
    }

    /// Sets what [`ResponseMetadata::request_id`] answers.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<Arc<str>>) -> Self {
        self.meta.origin.request_id = Some(request_id.into());
        self
    }

    /// Sets what [`ResponseMetadata::model_id`] answers.
    #[must_use]
    pub fn with_model_id(mut self, model_id: impl Into<Arc<str>>) -> Self {
        self.meta.origin.model_id = Some(model_id.into());
        self
    }

    /// Sets what [`ResponseMetadata::region`] answers.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<Arc<str>>) -> Self {
        self.meta.origin.region = Some(region.into());
        self
    }
}

impl<E: StreamEvent> Stream for EventStream<E> {
    type Item = Result<E, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(record) = this.record.take()
            && !*this.is_shared.get_mut()
        {
            record.forget();
        }
        if let Some(event) = this.ahead.pop_front() {
            if this.ahead.is_empty() {
                // Nothing comes here any more.
                this.ahead = VecDeque::new();
            }
            return Poll::Ready(Some(Ok(event)));
        }
        let Some(live) = &mut this.live else {
            return Poll::Ready(None);
        };
        let mut next = ready!(live.as_mut().poll_next(cx));
        if let Some(Err(error)) = &mut next {
            let meta = &this.meta;
            error.set_call(
                E::OPERATION,
                meta.origin.model_id.as_ref(),
                meta.origin.region.as_ref(),
            );
            if meta.attempts.get() > 1 {
                error.set_attempts(meta.attempts.get());
            }
        }
        if let Some(usage) = live.progress().usage {
            let seen = if this.is_charged {
                &mut this.meta.usage
            } else {
                &mut this.meta.saved
            };
            *seen = Some(usage);
        }
        Poll::Ready(next)
    }
}

impl<E: StreamEvent> Drop for EventStream<E> {
    fn drop(&mut self) {
        if let Some(live) = self.live.take() {
            live.leave();
        }
    }
}

impl<E: StreamEvent> FusedStream for EventStream<E> {
    fn is_terminated(&self) -> bool {
        self.ahead.is_empty() && self.live.as_ref().is_none_or(|live| live.is_over())
    }
}

impl<E: StreamEvent> fmt::Debug for EventStream<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("meta", &self.meta)
            .finish_non_exhaustive()
    }
}
