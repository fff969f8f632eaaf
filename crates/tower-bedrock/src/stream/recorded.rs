use super::{event::StreamEvent, event_stream::EventStream};
use crate::response::{Response, Usage};
use aws_sdk_bedrockruntime::{
    operation::converse::ConverseOutput, types::ConverseStreamOutput as Event,
};
use bytes::Bytes;
use futures_core::Stream;
use std::{
    future::Future,
    pin::{Pin, pin},
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

/// The message that a recorded stream comes to, if it is a whole one.
pub(crate) fn message_of(bytes: Bytes) -> Option<ConverseOutput> {
    let message = pin!(EventStream::<Event>::from_bytes(bytes).message());
    match message.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(message) => message.ok().map(Response::into_output),
        Poll::Pending => None,
    }
}
