use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame};

use crate::http::body::{Begun, HttpCacheBody, frame_of_bytes};

/// The most memory that is taken for a body before it comes: what tells its length may never send it.
const MOST_AT_ONCE: usize = 1 << 20;

/// Reads a body that may be kept.
///
/// It is in a box, since the rest of it goes on with its caller if it turns out to be too large.
pub(super) struct Collect<B> {
    body: Option<Pin<Box<B>>>,
    read: Vec<u8>,
    trailers: Option<HeaderMap>,
    max: usize,
}

/// What came of it.
pub(super) enum Collected<B: Body> {
    Whole(Bytes, Option<HeaderMap>),
    TooLarge(HttpCacheBody<B>),
    /// The body ended with an error.
    Broken(HttpCacheBody<B>),
}

impl<B: Body> Collect<B> {
    /// `Err` gives back a body that is known to be larger than `max`, untouched.
    pub(super) fn new(body: B, max: usize) -> Result<Self, B> {
        let size = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if size > max {
            return Err(body);
        }
        Ok(Self {
            body: Some(Box::pin(body)),
            read: Vec::with_capacity(size.min(MOST_AT_ONCE)),
            trailers: None,
            max,
        })
    }

    /// Not to be polled again after it is done.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Collected<B>> {
        loop {
            let body = self.body.as_mut().expect("polled after completion");
            let frame = ready!(body.as_mut().poll_frame(cx));
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => {
                    if data.remaining() > self.max - self.read.len() {
                        let frame = frame_of_bytes(Frame::data(data));
                        return Poll::Ready(Collected::TooLarge(self.give_back(Ok(frame))));
                    }
                    append(&mut self.read, data);
                }
                Some(Ok(Err(frame))) => self.trailers = frame.into_trailers().ok(),
                Some(Err(error)) => {
                    return Poll::Ready(Collected::Broken(self.give_back(Err(error))));
                }
                None => {
                    // Of the right size: it may stay for long.
                    let read = mem::take(&mut self.read).into_boxed_slice();
                    let trailers = self.trailers.take();
                    return Poll::Ready(Collected::Whole(read.into(), trailers));
                }
            }
        }
    }

    /// What was read, then `next`, then the rest.
    fn give_back(&mut self, next: Result<Frame<Bytes>, B::Error>) -> HttpCacheBody<B> {
        let rest = self.body.take().filter(|_| next.is_ok());
        let read = Bytes::from(mem::take(&mut self.read));
        HttpCacheBody::begun(Begun {
            read: Some(read).filter(|read| !read.is_empty()),
            next: Some(next),
            rest,
        })
    }
}

fn append(read: &mut Vec<u8>, mut data: impl Buf) {
    while data.has_remaining() {
        let chunk = data.chunk();
        read.extend_from_slice(chunk);
        let taken = chunk.len();
        data.advance(taken);
    }
}
