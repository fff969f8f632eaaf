use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// The rest of an invalidation; made by [`Handle::invalidate`] and its like.
///
/// What is at hand is gone when it is made. With a [`RemoteStore`] behind, await it: once it is done
/// there is no older answer on either level, and none under way. Until then an older one can come
/// back from the remote store.
///
/// # Cancellation
///
/// Dropped before it is done, it may leave the answers in the remote store.
///
/// # Errors
///
/// [`NotInvalidated`] if the remote store failed: the answers there, older ones, are served again.
///
/// [`Handle::invalidate`]: crate::Handle::invalidate
/// [`RemoteStore`]: crate::RemoteStore
pub struct Invalidation {
    remote: Option<Rest>,
}

type Rest = Pin<Box<dyn Future<Output = Result<(), NotInvalidated>> + Send>>;

impl Invalidation {
    pub(crate) fn done() -> Self {
        Self { remote: None }
    }

    pub(crate) fn remote(
        remote: impl Future<Output = Result<(), NotInvalidated>> + Send + 'static,
    ) -> Self {
        Self {
            remote: Some(Box::pin(remote)),
        }
    }
}

impl Future for Invalidation {
    type Output = Result<(), NotInvalidated>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.remote {
            Some(remote) => remote.as_mut().poll(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl fmt::Debug for Invalidation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invalidation").finish_non_exhaustive()
    }
}

/// The remote store did not forget what it was told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotInvalidated;

impl fmt::Display for NotInvalidated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the remote store was not invalidated")
    }
}

impl Error for NotInvalidated {}
