use super::{
    chunks::{Chunks, Next},
    fell_behind::FellBehind,
    recording::Recording,
    shared_error::SharedError,
    waiting::Waiting,
};
use bytes::Bytes;
use http_body::{Body, Frame};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};
use tokio::time::Instant;

/// What the readers of one body share: the body, what has arrived of it, and who waits for more.
pub(super) struct Shared<B> {
    state: Mutex<State<B>>,
    waiting: Arc<Waiting>,
    /// Made once: a waker of `waiting`.
    waker: Waker,
}

struct State<B> {
    chunks: Chunks,
    upstream: Upstream<B>,
    begun: Instant,
}

enum Upstream<B> {
    Open(B),
    Ended,
    Broken(SharedError),
    /// Every reader left before the end.
    Abandoned,
}

impl<B> Shared<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<aws_smithy_types::body::Error>,
{
    /// The next chunk for a reader.
    pub(super) fn poll_next(
        &self,
        reader: u64,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, SharedError>>> {
        let mut state = self.state();
        let mut gone = None;
        let mut has_news = false;
        // The body is polled under the lock, which it cannot ask for: it knows the waker alone, and
        // that has a lock of its own. So there is always one who drives, and nobody waits for long.
        let next = loop {
            match state.chunks.next(reader) {
                Next::Chunk(bytes) => break Poll::Ready(Some(Ok(bytes))),
                Next::Lost => {
                    break Poll::Ready(Some(Err(SharedError::new(FellBehind))));
                }
                Next::AtEnd => {}
            }
            let is_for_one = state.chunks.is_for_one();
            let arrived = if is_for_one {
                // Nobody else will ever wait.
                state.poll_upstream(cx)
            } else {
                self.waiting.add(reader, cx.waker());
                state.poll_upstream(&mut Context::from_waker(&self.waker))
            };
            match arrived {
                Poll::Pending => break Poll::Pending,
                Poll::Ready(Arrived::Chunk(bytes)) if is_for_one => {
                    state.chunks.pass();
                    break Poll::Ready(Some(Ok(bytes)));
                }
                Poll::Ready(Arrived::Chunk(bytes)) => {
                    let at = state.begun.elapsed();
                    state.chunks.push(bytes, at);
                    has_news = true;
                }
                Poll::Ready(Arrived::End(body)) => {
                    (has_news, gone) = (true, body);
                    break Poll::Ready(state.end().map(Err));
                }
            }
        };
        let has_news = has_news && state.chunks.readers() > 1;
        drop(state);
        // Outside of the lock: what a body does when it goes is its own affair.
        drop(gone);
        if has_news {
            // It has no need to be woken by itself. Where there is nobody else, its waker stays for the
            // next time.
            self.waiting.remove(reader);
            self.waiting.wake_all();
        }
        next
    }
}

impl<B> Shared<B> {
    /// With its first reader.
    pub(super) fn new(body: B, bound: usize) -> (Self, u64) {
        let waiting = Arc::new(Waiting::default());
        let mut chunks = Chunks::new(bound);
        let first = chunks.join();
        let shared = Self {
            state: Mutex::new(State {
                chunks,
                upstream: Upstream::Open(body),
                begun: Instant::now(),
            }),
            waker: Waker::from(Arc::clone(&waiting)),
            waiting,
        };
        let first = first.expect("everybody can join a record that has just begun");
        (shared, first)
    }

    pub(super) fn join(&self) -> Option<u64> {
        let mut state = self.state();
        match state.upstream {
            Upstream::Abandoned => None,
            _ => state.chunks.join(),
        }
    }

    pub(super) fn forget(&self) {
        let mut state = self.state();
        state.chunks.forget();
        if state.chunks.is_for_one() {
            // It is polled with its own waker from now on.
            self.waiting.clear();
        }
    }

    pub(super) fn recording(&self) -> Option<Recording> {
        let state = self.state();
        let Upstream::Ended = state.upstream else {
            return None;
        };
        state.chunks.all().map(Recording::of)
    }

    pub(super) fn leave(&self, reader: u64) {
        self.waiting.remove(reader);
        let mut state = self.state();
        state.chunks.leave(reader);
        let gone = match &state.upstream {
            Upstream::Open(_) if state.chunks.readers() == 0 => {
                Some(std::mem::replace(&mut state.upstream, Upstream::Abandoned))
            }
            _ => None,
        };
        drop(state);
        drop(gone);
    }

    fn state(&self) -> MutexGuard<'_, State<B>> {
        // A body that panics leaves the chunks whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Arrived<B> {
    Chunk(Bytes),
    /// With the body, unless it had ended before.
    End(Option<B>),
}

impl<B> State<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<aws_smithy_types::body::Error>,
{
    fn poll_upstream(&mut self, cx: &mut Context<'_>) -> Poll<Arrived<B>> {
        loop {
            let Upstream::Open(body) = &mut self.upstream else {
                return Poll::Ready(Arrived::End(None));
            };
            let end = match ready!(Pin::new(body).poll_frame(cx))
                .map(|frame| frame.map(Frame::into_data))
            {
                Some(Ok(Ok(bytes))) => return Poll::Ready(Arrived::Chunk(bytes)),
                // A stream of events has no trailers.
                Some(Ok(Err(_))) => continue,
                Some(Err(error)) => Upstream::Broken(SharedError::new(error)),
                None => Upstream::Ended,
            };
            let body = match std::mem::replace(&mut self.upstream, end) {
                Upstream::Open(body) => Some(body),
                _ => None,
            };
            return Poll::Ready(Arrived::End(body));
        }
    }

    /// What a reader gets that has read everything.
    fn end(&self) -> Option<SharedError> {
        match &self.upstream {
            Upstream::Broken(error) => Some(error.clone()),
            Upstream::Open(_) | Upstream::Ended | Upstream::Abandoned => None,
        }
    }
}
