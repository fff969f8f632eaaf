use super::{shared::Shared, shared_error::SharedError};
use bytes::Bytes;
use http_body::{Body, Frame};
use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// A reader of a [`Record`](super::Record), from its first byte on. Dropped it leaves the others
/// reading; the last one takes the body along.
pub(crate) struct Reader<B> {
    shared: Arc<Shared<B>>,
    id: u64,
    /// A body is not polled past its end by itself, though the SDK does so.
    is_over: bool,
}

impl<B> Reader<B> {
    pub(super) fn new(shared: Arc<Shared<B>>, id: u64) -> Self {
        Self {
            shared,
            id,
            is_over: false,
        }
    }
}

impl<B> Body for Reader<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<aws_smithy_types::body::Error>,
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let next: Option<Result<Bytes, SharedError>> = ready!(self.shared.poll_next(self.id, cx));
        self.is_over = !matches!(next, Some(Ok(_)));
        Poll::Ready(next.map(|next| next.map(Frame::data).map_err(Into::into)))
    }
}

impl<B> Drop for Reader<B> {
    fn drop(&mut self) {
        self.shared.leave(self.id);
    }
}

impl<B> fmt::Debug for Reader<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}
