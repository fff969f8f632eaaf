use super::event::StreamEvent;
use crate::error::Error;
use aws_sdk_bedrockruntime::primitives::event_stream::EventReceiver;
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll},
    vec,
};

/// Where the events of a stream come from.
#[expect(
    clippy::large_enum_variant,
    reason = "it lies in the box of its stream"
)]
pub(super) enum Source<E: StreamEvent> {
    /// The SDK's reader of a body.
    Wire(EventReceiver<E, E::Exception>),
    /// Events made by hand.
    Made(vec::IntoIter<Result<E, Error>>),
    /// Nothing comes any more, and what it came from is gone.
    Over,
}

impl<E: StreamEvent> Source<E> {
    /// The next event; `Ok(None)` where the body ends. `has_begun` if there was one before.
    pub(super) fn poll_next(
        &mut self,
        has_begun: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<E>, Error>> {
        match self {
            // All that `recv` knows it keeps in the receiver, so its future may go after each poll.
            Self::Wire(receiver) => pin!(receiver.recv())
                .poll(cx)
                .map_err(|error| Error::from_event(E::OPERATION, error, has_begun)),
            Self::Made(events) => Poll::Ready(events.next().transpose()),
            Self::Over => Poll::Ready(Ok(None)),
        }
    }
}
