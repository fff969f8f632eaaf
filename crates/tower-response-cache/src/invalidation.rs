use std::task::{Context, Poll};
use std::{fmt, future::Future, hash::Hash, pin::Pin, sync::Arc};

use crate::store::{Scope, Store};
use crate::{error::NotInvalidated, flight::Cache};

/// The rest of an invalidation; made by [`Handle::invalidate`] and its like.
///
/// What is stored in this process is gone when this is made. With a [`RemoteStore`], await it: once it
/// is done neither store has an older answer, and no call under way brings one. Until then an older
/// answer can come back from the remote store.
///
/// # Cancellation
///
/// Dropped before it is done, it may leave answers in the remote store.
///
/// # Errors
///
/// [`NotInvalidated`] if the remote store failed: it still has the older answers, and they are served
/// again.
///
/// [`Handle::invalidate`]: crate::Handle::invalidate
/// [`RemoteStore`]: crate::RemoteStore
pub struct Invalidation {
    remote: Option<Rest>,
}

type Rest = Pin<Box<dyn Future<Output = Result<(), NotInvalidated>> + Send>>;

impl Invalidation {
    pub(crate) fn new<K, V, St>(cache: &Arc<Cache<K, V, St>>, scope: Scope<K>) -> Self
    where
        K: Hash + Eq + Send + Sync + 'static,
        V: Send + Sync + 'static,
        St: Store<K, V>,
    {
        cache.forget(&scope);
        if !cache.has_remote() {
            return Self { remote: None };
        }
        let cache = Arc::clone(cache);
        let rest = async move {
            let forgotten = cache.forget_remote(&scope).await;
            // A flight may have read the old answer there before it was gone, and stored it.
            cache.forget(&scope);
            forgotten.map_err(|_| NotInvalidated)
        };
        Self {
            remote: Some(Box::pin(rest)),
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
