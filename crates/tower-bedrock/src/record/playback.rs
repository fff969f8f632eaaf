use super::{recording::Recording, replay::Replay};
use crate::timer::Timer;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame};
use pin_project_lite::pin_project;
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::time::Instant;

impl Recording {
    /// A body with the same bytes.
    pub(crate) fn body(&self, replay: Replay) -> SdkBody {
        match replay {
            Replay::AtOnce => SdkBody::from(self.bytes().clone()),
            Replay::AsItCame => SdkBody::from_body_1_x(Playback {
                rest: self.bytes().clone(),
                recording: self.clone(),
                chunk: 0,
                begun: None,
                timer: Timer::default(),
            }),
        }
    }
}

pin_project! {
    /// The chunks of a recording, each at its time.
    struct Playback {
        rest: Bytes,
        recording: Recording,
        chunk: usize,
        // From the first poll on: until then nobody waits.
        begun: Option<Instant>,
        #[pin]
        timer: Timer,
    }
}

impl Body for Playback {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.project();
        let Some(&(length, at)) = this.recording.pace().get(*this.chunk) else {
            return Poll::Ready(None);
        };
        let begun = *this.begun.get_or_insert_with(Instant::now);
        // A recording of more years than the clock has is not worth the wait.
        let due = begun.checked_add(at).unwrap_or(begun);
        if due > Instant::now() {
            ready!(this.timer.poll_until(due, cx));
        }
        *this.chunk += 1;
        let chunk = this.rest.split_to(length.min(this.rest.len()));
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }
}
