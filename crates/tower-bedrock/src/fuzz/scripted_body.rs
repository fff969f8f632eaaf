use bytes::Bytes;
use http_body::{Body, Frame};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    vec,
};

/// A body that comes in given chunks, each after a wait or at once, and ends well or not.
pub(super) struct ScriptedBody {
    chunks: vec::IntoIter<Bytes>,
    breaks: bool,
    waits: bool,
    has_waited: bool,
    is_over: bool,
}

impl ScriptedBody {
    pub(super) fn new(chunks: Vec<Bytes>, breaks: bool, waits: bool) -> Self {
        Self {
            chunks: chunks.into_iter(),
            breaks,
            waits,
            has_waited: false,
            is_over: false,
        }
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        if self.waits && !self.has_waited {
            self.has_waited = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.has_waited = false;
        Poll::Ready(match self.chunks.next() {
            Some(chunk) => Some(Ok(Frame::data(chunk))),
            None => {
                self.is_over = true;
                let reset = || Err(io::ErrorKind::ConnectionReset.into());
                self.breaks.then(reset)
            }
        })
    }
}
