use super::{event::StreamEvent, event_stream::EventStream};
use crate::response::Usage;
use bytes::Bytes;
use futures_core::Stream;
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

/// What a recorded stream used, if it tells; `None` if it is not a whole one.
///
/// All of it is there, so nothing has to be waited for.
pub(crate) fn usage_of<E: StreamEvent>(bytes: Bytes) -> Option<Option<Usage>> {
    let mut stream = EventStream::<E>::from_bytes(bytes);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match Pin::new(&mut stream).poll_next(&mut context) {
            Poll::Ready(Some(Ok(_))) => {}
            Poll::Ready(None) => return Some(stream.meta().usage()),
            Poll::Ready(Some(Err(_))) | Poll::Pending => return None,
        }
    }
}
