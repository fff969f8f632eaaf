use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of an answer of an [`HttpCache`](crate::HttpCache): one that the cache has as a whole, or
    /// that of the inner service, as it comes.
    pub struct HttpCacheBody<B>
    where
        B: Body,
    {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<B>
    where
        B: Body,
    {
        Whole { data: Option<Bytes>, trailers: Option<HeaderMap> },
        Untouched { #[pin] body: B },
        Begun { begun: Begun<B> },
    }
}

/// What was read of a body that is not kept, and the rest of it.
pub(super) struct Begun<B: Body> {
    pub(super) read: Option<Bytes>,
    /// What came after it and was too much, the trailers, or an error.
    pub(super) next: Option<Result<Frame<Bytes>, B::Error>>,
    /// `None` after the end or an error.
    pub(super) rest: Option<Pin<Box<B>>>,
}

impl<B: Body> HttpCacheBody<B> {
    pub(super) fn whole(data: Bytes, trailers: Option<HeaderMap>) -> Self {
        let data = Some(data).filter(|data| !data.is_empty());
        Self {
            kind: Kind::Whole { data, trailers },
        }
    }

    /// Whether the cache has all of it.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.kind, Kind::Whole { .. })
    }

    pub(super) fn untouched(body: B) -> Self {
        Self {
            kind: Kind::Untouched { body },
        }
    }

    pub(super) fn begun(begun: Begun<B>) -> Self {
        Self {
            kind: Kind::Begun { begun },
        }
    }
}

/// A frame of `Bytes`; it is copied unless it consists of them.
pub(super) fn frame_of_bytes<D: Buf>(frame: Frame<D>) -> Frame<Bytes> {
    frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))
}

impl<B: Body> Body for HttpCacheBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = match self.project().kind.project() {
            KindProj::Whole { data, trailers } => {
                let data = data.take().map(Frame::data);
                return Poll::Ready(
                    data.or_else(|| trailers.take().map(Frame::trailers))
                        .map(Ok),
                );
            }
            KindProj::Untouched { body } => ready!(body.poll_frame(cx)),
            KindProj::Begun { begun } => {
                if let Some(read) = begun.read.take() {
                    return Poll::Ready(Some(Ok(Frame::data(read))));
                }
                if let Some(next) = begun.next.take() {
                    return Poll::Ready(Some(next));
                }
                let Some(rest) = &mut begun.rest else {
                    return Poll::Ready(None);
                };
                ready!(rest.as_mut().poll_frame(cx))
            }
        };
        Poll::Ready(frame.map(|frame| frame.map(frame_of_bytes)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Whole { data, trailers } => data.is_none() && trailers.is_none(),
            Kind::Untouched { body } => body.is_end_stream(),
            Kind::Begun { begun } => {
                let ended = begun.rest.as_ref().is_none_or(Body::is_end_stream);
                begun.read.is_none() && begun.next.is_none() && ended
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Whole { data, .. } => {
                SizeHint::with_exact(data.as_ref().map_or(0, Bytes::len) as u64)
            }
            Kind::Untouched { body } => body.size_hint(),
            Kind::Begun { begun } => begun.size_hint(),
        }
    }
}

impl<B: Body> Begun<B> {
    fn size_hint(&self) -> SizeHint {
        let next = self.next.as_ref().and_then(|next| next.as_ref().ok());
        let next = next.and_then(Frame::data_ref).map_or(0, Bytes::len);
        let read = self
            .read
            .as_ref()
            .map_or(0, Bytes::len)
            .saturating_add(next) as u64;
        // After an error it is not known what would have come.
        let Some(rest) = self.rest.as_ref().map(Body::size_hint) else {
            return SizeHint::new();
        };
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(read));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(read));
        }
        hint
    }
}

/// Shows nothing of the body: it is an answer of a user's.
impl<B: Body> fmt::Debug for HttpCacheBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCacheBody")
            .field("size_hint", &self.size_hint())
            .finish_non_exhaustive()
    }
}
