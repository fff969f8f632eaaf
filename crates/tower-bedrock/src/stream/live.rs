use super::{
    event::StreamEvent,
    progress::{Progress, Verdict},
    source::Source,
    stream_terms::StreamTerms,
};
use crate::{
    error::Error,
    record::FellBehind,
    response::{End, Ends, Timing},
    telemetry::{self, Watch},
    timer::Timer,
};
use pin_project_lite::pin_project;
use std::{
    error::Error as _,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// How long the rest of a stream may take whose message is whole: its usage is made at once, and the
/// reader has all it came for.
const TAIL: Duration = Duration::from_secs(10);

pin_project! {
    /// A stream from its source on: it judges events and ends, keeps the limits, and tells the end.
    pub(super) struct Live<E: StreamEvent> {
        source: Source<E>,
        progress: Progress,
        terms: StreamTerms,
        #[pin]
        timer: Timer,
        // Until when the reader waits, as long as it does.
        wait: Option<Wait>,
        clock: Clock,
        ends: Ends,
        // The call of its reader.
        call: Option<Watch>,
        request_id: Option<Arc<str>>,
    }
}

#[derive(Debug, Clone, Copy)]
struct Wait {
    until: Instant,
    limit: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
struct Clock {
    called: Instant,
    first_event: Option<Instant>,
    // When the reader had done with the last event and came for more: to look at the clock at each
    // event would take long beside all else that one takes.
    read: Option<Instant>,
}

impl<E: StreamEvent> Live<E> {
    pub(super) fn new(
        source: Source<E>,
        terms: StreamTerms,
        ends: Ends,
        request_id: Option<Arc<str>>,
    ) -> Self {
        Self {
            source,
            progress: Progress::default(),
            timer: Timer::default(),
            wait: None,
            clock: Clock {
                called: terms.called,
                first_event: None,
                read: None,
            },
            ends,
            call: None,
            request_id,
            terms,
        }
    }

    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    pub(super) fn ends(&self) -> &Ends {
        &self.ends
    }

    /// Has the end told to who watches the call of the reader.
    pub(super) fn watch(self: Pin<&mut Self>, call: Watch) {
        *self.project().call = Some(call);
    }

    /// Reads the rest in the background, if that was asked for and nobody else reads it.
    pub(super) fn leave(mut self: Pin<Box<Self>>) {
        self.as_mut().left();
        if self.is_over() || self.as_mut().project().ends.leave() {
            return;
        }
        if let Some(time) = self.terms.drain {
            self.read_in_background(time);
        }
    }

    /// The call ends with its reader. A message that is whole has come to its end, for nothing but its
    /// usage is missing.
    fn left(self: Pin<&mut Self>) {
        let this = self.project();
        let Some(call) = this.call.take() else {
            return;
        };
        let timing = this.clock.timing(this.progress.events);
        if this.progress.is_complete() {
            call.stream_ended(&End {
                result: Ok(()),
                usage: this.progress.usage,
                ending: this.progress.ending(),
                timing,
            });
        } else {
            call.stream_left(&timing, this.progress.usage);
        }
    }

    pub(super) fn read_in_background(mut self: Pin<Box<Self>>, time: Duration) {
        if let Some(runtime) = self.terms.runtime.clone() {
            runtime.spawn(timeout(time, async move {
                while poll_fn(|cx| self.as_mut().poll_next(cx)).await.is_some() {}
            }));
        }
    }

    pub(super) fn end_by(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.project();
        this.terms.deadline = Some(deadline);
        *this.wait = None;
    }

    pub(super) fn terms(&self) -> &StreamTerms {
        &self.terms
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.source, Source::Over)
    }

    pub(super) fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<E, Error>>> {
        if self.is_over() {
            return Poll::Ready(None);
        }
        let this = self.as_mut().project();
        let has_begun = this.progress.has_begun();
        let is_late = this
            .terms
            .deadline
            .is_some_and(|deadline| deadline <= Instant::now());
        let polled = if is_late {
            Poll::Ready(Err(Error::deadline(E::OPERATION)))
        } else {
            this.source.poll_next(has_begun, cx)
        };
        let is_its_own = is_late
            || match &polled {
                Poll::Ready(Ok(_)) => false,
                Poll::Ready(Err(error)) => error.source().is_some_and(FellBehind::is),
                Poll::Pending => true,
            };
        let end = match polled {
            Poll::Ready(Ok(Some(event))) => {
                this.clock.first_event.get_or_insert_with(Instant::now);
                this.clock.read = None;
                *this.wait = None;
                this.progress.saw(event.tells());
                return Poll::Ready(Some(Ok(event)));
            }
            Poll::Ready(Ok(None)) => Ok(()),
            Poll::Ready(Err(error)) => Err(error),
            Poll::Pending => Err(ready!(self.as_mut().poll_limits(cx))),
        };
        if is_its_own {
            // It is the end of the stream only if nobody else reads on.
            self.as_mut().project().ends.leave();
        }
        Poll::Ready(self.over(end).err().map(Err))
    }

    /// The error of a limit that has passed.
    fn poll_limits(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Error> {
        let this = self.project();
        let read = *this.clock.read.get_or_insert_with(Instant::now);
        let wait = match this.wait {
            Some(wait) => *wait,
            None => {
                let limit = if this.progress.is_complete() {
                    Some(
                        this.terms
                            .limits
                            .next_event
                            .map_or(TAIL, |limit| limit.min(TAIL)),
                    )
                } else if this.progress.has_begun() {
                    this.terms.limits.next_event
                } else {
                    this.terms.limits.first_event
                };
                // A limit too far off for the clock to name is none.
                let until = limit.and_then(|limit| read.checked_add(limit));
                let until = until.into_iter().chain(this.terms.deadline).min();
                let Some(until) = until else {
                    return Poll::Pending;
                };
                *this.wait.insert(Wait { until, limit })
            }
        };
        ready!(this.timer.poll_until(wait.until, cx));
        let is_late = this
            .terms
            .deadline
            .is_some_and(|deadline| deadline <= wait.until);
        Poll::Ready(match wait.limit {
            Some(limit) if !is_late => {
                Error::stalled(E::OPERATION, limit, this.progress.has_begun())
            }
            _ => Error::deadline(E::OPERATION),
        })
    }

    /// Judges the end of the source, and tells it.
    fn over(self: Pin<&mut Self>, end: Result<(), Error>) -> Result<(), Error> {
        let this = self.project();
        let has_begun = this.progress.has_begun();
        let result = match (this.progress.at_end(end.is_ok()), end) {
            (Verdict::Whole, _) => Ok(()),
            (Verdict::Cut, Err(error)) => Err(error),
            (Verdict::Cut, Ok(())) => Err(Error::cut(E::OPERATION, has_begun)),
        };
        let result = result.map_err(|error| {
            let error = match this.request_id {
                Some(id) if error.request_id().is_none() => error.with_request_id(&**id),
                _ => error,
            };
            if has_begun {
                error.with_delivered(this.progress.events, this.progress.text_bytes)
            } else {
                error
            }
        });
        // The connection goes first: whoever is told may let the next call go.
        *this.source = Source::Over;
        let mut end = End {
            result,
            usage: this.progress.usage,
            ending: this.progress.ending(),
            timing: this.clock.timing(this.progress.events),
        };
        this.ends.tell(&mut end);
        telemetry::stream_ended(E::OPERATION, &end);
        if let Some(call) = this.call.take() {
            call.stream_ended(&end);
        }
        end.result
    }

    /// Waits for the first real event, and gives all until then.
    pub(super) async fn peek(self: &mut Pin<Box<Self>>) -> Result<Vec<E>, Error> {
        let mut ahead = Vec::with_capacity(1);
        poll_fn(|cx| {
            loop {
                match ready!(self.as_mut().poll_next(cx)) {
                    Some(Ok(event)) => ahead.push(event),
                    Some(Err(error)) => return Poll::Ready(Err(error)),
                    None => return Poll::Ready(Err(Error::cut(E::OPERATION, false))),
                }
                if self.progress.has_begun() {
                    return Poll::Ready(Ok(()));
                }
            }
        })
        .await?;
        Ok(ahead)
    }
}

impl Clock {
    fn timing(&self, events: u64) -> Timing {
        let first = self.first_event.unwrap_or(self.called);
        let last = self.read.unwrap_or_else(Instant::now);
        Timing {
            events,
            first_event: self.first_event,
            to_first_event: first.duration_since(self.called),
            from_first_to_last: last.duration_since(first),
        }
    }
}
