use super::{event::StreamEvent, event_stream::EventStream};
use crate::error::Error;
use futures_core::{FusedStream, Stream};
use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// The pieces of text of an [`EventStream`], made by [`EventStream::text`].
pub struct TextStream<E: StreamEvent> {
    events: EventStream<E>,
}

impl<E: StreamEvent> EventStream<E> {
    /// The pieces of text as they come: of a text block, not of reasoning or the input of a tool.
    #[must_use]
    pub fn text(self) -> TextStream<E> {
        TextStream { events: self }
    }
}

impl<E: StreamEvent> TextStream<E> {
    /// The next piece of text; `None` at the end of the message.
    ///
    /// # Cancellation
    ///
    /// No text is lost.
    ///
    /// # Errors
    ///
    /// What ends the stream before its message does. After that there is `None`.
    pub async fn recv(&mut self) -> Result<Option<String>, Error> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    /// The stream of events, which says how it came about.
    #[must_use]
    pub fn get_ref(&self) -> &EventStream<E> {
        &self.events
    }

    /// The events that are still to come.
    #[must_use]
    pub fn into_inner(self) -> EventStream<E> {
        self.events
    }
}

impl<E: StreamEvent> Stream for TextStream<E> {
    type Item = Result<String, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let event = match ready!(Pin::new(&mut self.events).poll_next(cx)) {
                Some(Ok(event)) => event,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            let text = event.into_text();
            if !text.is_empty() {
                return Poll::Ready(Some(Ok(text)));
            }
        }
    }
}

impl<E: StreamEvent> FusedStream for TextStream<E> {
    fn is_terminated(&self) -> bool {
        self.events.is_terminated()
    }
}

impl<E: StreamEvent> fmt::Debug for TextStream<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextStream")
            .field("events", &self.events)
            .finish()
    }
}
