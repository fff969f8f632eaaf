//! One call or attempt while it goes on, and what is told at its end.

use super::settings::Shared;
use crate::{
    error::Error,
    operation::Operation,
    request::Request,
    response::{End, Ending, Reply, ResponseMetadata, Timing, Usage},
};
use tokio::time::{Duration, Instant};

/// What is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Call,
    Attempt,
}

/// A call or an attempt from its begin on. Dropped without an end it is told as cancelled.
#[derive(Debug)]
pub struct Watch {
    scope: Scope,
    /// None where nobody wants to know.
    began: Option<Instant>,
    #[cfg(feature = "tracing")]
    span: super::spans::CallSpan,
    #[cfg(feature = "metrics")]
    series: std::sync::Arc<super::metered::Series>,
    is_over: bool,
}

/// How it ended.
#[cfg_attr(
    not(all(feature = "tracing", feature = "metrics")),
    allow(dead_code, reason = "spans and metrics tell a part each")
)]
pub(super) enum Outcome<'a> {
    Answered,
    Failed(&'a Error),
    Cancelled,
}

/// What is known at the end of a call or an attempt.
#[cfg_attr(
    not(all(feature = "tracing", feature = "metrics")),
    allow(dead_code, reason = "spans and metrics tell a part each")
)]
pub(super) struct Told<'a> {
    pub(super) outcome: Outcome<'a>,
    pub(super) took: Duration,
    pub(super) usage: Option<Usage>,
    pub(super) ending: Option<Ending>,
    /// From the begin to the first event of a stream.
    pub(super) first_chunk: Option<Duration>,
    pub(super) between_chunks: Option<Duration>,
}

impl Watch {
    pub(super) fn begin<I: Operation>(shared: &Shared, scope: Scope, request: &Request<I>) -> Self {
        let _ = (shared, request);
        Self {
            scope,
            began: cfg!(any(feature = "metrics", feature = "tracing")).then(Instant::now),
            #[cfg(feature = "tracing")]
            span: super::spans::CallSpan::new(&shared.settings, scope, request),
            #[cfg(feature = "metrics")]
            series: shared.metered.series(&shared.settings, scope, request),
            is_over: false,
        }
    }

    pub(super) const fn scope(&self) -> Scope {
        self.scope
    }

    /// Runs what belongs to the call.
    #[inline]
    pub(super) fn inside<T>(&self, run: impl FnOnce() -> T) -> T {
        #[cfg(feature = "tracing")]
        let _entered = self.span.enter();
        let _ = self;
        run()
    }

    pub(super) fn failed(mut self, error: &Error) {
        self.tell(&Told {
            outcome: Outcome::Failed(error),
            ..self.told()
        });
    }

    pub(super) fn answered<I: Operation>(mut self, response: &I::Response) {
        let meta = response.meta();
        self.note(meta);
        // To know it may take a look at the whole answer.
        let ending = self.is_traced().then(|| I::ending(response));
        self.tell(&Told {
            outcome: Outcome::Answered,
            usage: meta.usage(),
            ending,
            ..self.told()
        });
    }

    /// What is known of an answer when it begins.
    pub(crate) fn note(&self, meta: &ResponseMetadata) {
        #[cfg(feature = "tracing")]
        self.span.note(self.scope, meta);
        let _ = (self, meta);
    }

    /// The stream has ended for its reader or, of an attempt, for all readers.
    pub(crate) fn stream_ended(mut self, end: &End) {
        self.tell(&Told {
            outcome: end
                .result
                .as_ref()
                .map_or_else(Outcome::Failed, |()| Outcome::Answered),
            usage: end.usage,
            ending: Some(end.ending),
            ..self.streamed(&end.timing)
        });
    }

    /// The reader has left before the end of the stream.
    pub(crate) fn stream_left(mut self, timing: &Timing, usage: Option<Usage>) {
        self.tell(&Told {
            usage,
            ..self.streamed(timing)
        });
    }

    fn streamed(&self, timing: &Timing) -> Told<'static> {
        let first = timing.first_event.zip(self.began);
        Told {
            first_chunk: first.map(|(first, began)| first.saturating_duration_since(began)),
            between_chunks: timing.between_events(),
            ..self.told()
        }
    }

    fn told(&self) -> Told<'static> {
        Told {
            outcome: Outcome::Cancelled,
            took: self.began.map_or(Duration::ZERO, |began| began.elapsed()),
            usage: None,
            ending: None,
            first_chunk: None,
            between_chunks: None,
        }
    }

    fn is_traced(&self) -> bool {
        #[cfg(feature = "tracing")]
        return self.span.is_on();
        #[cfg(not(feature = "tracing"))]
        {
            let _ = self;
            false
        }
    }

    fn tell(&mut self, told: &Told<'_>) {
        self.is_over = true;
        #[cfg(feature = "tracing")]
        self.span.end(told);
        #[cfg(feature = "metrics")]
        self.series.end(self.scope, told);
        let _ = told;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.is_over {
            let told = self.told();
            self.tell(&told);
        }
    }
}
