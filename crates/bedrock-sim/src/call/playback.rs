use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::Body;
use tokio::{
    task::yield_now,
    time::{Instant, Sleep, sleep_until},
};

use super::admission::Admission;

/// One piece of a body: when it is due, and what the call has cost once it is out.
pub(crate) struct TimedFrame {
    pub(crate) bytes: Bytes,
    /// From the start of the call.
    pub(crate) due: Duration,
    /// Output tokens produced when this frame is out.
    pub(crate) tokens: u64,
}

/// How a body ends after its last frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyEnd {
    Clean,
    Reset,
    Stall,
}

/// A body that delivers its frames when they are due, and settles the call at its end or, if it is
/// dropped before, for what it delivered.
pub(crate) struct Playback {
    /// Made one ahead of the reader, who would not hear of the end in time otherwise.
    next: Option<TimedFrame>,
    frames: Box<dyn Iterator<Item = TimedFrame> + Send>,
    end: BodyEnd,
    started: Instant,
    /// Before each frame, on top of its own time.
    pause: Duration,
    ready_at: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
    /// Gone once the call is settled, which may be before the body is.
    admission: Option<Admission>,
    /// Something went out since others had their turn.
    owes_a_turn: bool,
    /// Over once they have.
    turn: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Playback {
    pub(crate) fn new(
        mut frames: Box<dyn Iterator<Item = TimedFrame> + Send>,
        end: BodyEnd,
        started: Instant,
        pause: Duration,
        admission: Admission,
    ) -> Self {
        Self {
            next: frames.next(),
            frames,
            end,
            started,
            pause,
            ready_at: Instant::now(),
            sleep: None,
            admission: Some(admission),
            // The head of the reply.
            owes_a_turn: true,
            turn: None,
        }
    }

    /// Lets others go first that wait for the same thread or for a socket, however fast the reader
    /// is. Meanwhile the transport sends what it has, before a reset can take it away.
    ///
    /// A wake of its own would not do: tasks that wake themselves come round many times before the
    /// runtime looks at its sockets. Tokio's budget is for steps that cost next to nothing.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::take(&mut self.owes_a_turn) {
            self.turn = Some(Box::pin(yield_now()));
        }
        if let Some(turn) = &mut self.turn {
            ready!(turn.as_mut().poll(cx));
            self.turn = None;
        }
        Poll::Ready(())
    }

    fn poll_due(&mut self, due: Duration, cx: &mut Context<'_>) -> Poll<()> {
        // The pause counts from when the last frame was due and not from when it was fetched: a
        // reader that is slow by itself is not slowed down twice.
        let at = (self.started + due).max(self.ready_at + self.pause);
        if at > Instant::now() {
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
            ready!(sleep.as_mut().poll(cx));
        }
        self.sleep = None;
        self.ready_at = at;
        Poll::Ready(())
    }
}

impl Body for Playback {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        ready!(this.poll_turn(cx));
        if let Some(due) = this.next.as_ref().map(|frame| frame.due) {
            ready!(this.poll_due(due, cx));
        }
        let Some(frame) = this.next.take() else {
            return match this.end {
                // Nothing will ever wake the reader; giving up drops the body and settles the call.
                BodyEnd::Stall => Poll::Pending,
                BodyEnd::Clean => {
                    this.admission = None;
                    Poll::Ready(None)
                }
                BodyEnd::Reset => {
                    this.admission = None;
                    this.end = BodyEnd::Clean;
                    Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())))
                }
            };
        };
        this.next = this.frames.next();
        this.owes_a_turn = true;
        // Counted when it is handed out: a dropped body has cost what its reader got.
        if let Some(admission) = &mut this.admission {
            admission.produced(frame.tokens);
        }
        if this.next.is_none() && this.end == BodyEnd::Clean {
            // A reader may well stop at the last event without asking for the end.
            this.admission = None;
        }
        Poll::Ready(Some(Ok(http_body::Frame::data(frame.bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.next.is_none() && self.end == BodyEnd::Clean
    }
}
