use std::task::{Context, Poll};
use std::{fmt, future::Future, hash::Hash, pin::Pin, sync::Arc};

use crate::store::{Scope, Store};
use crate::{error::NotInvalidated, flight::Cache};

/// The rest of an invalidation; made by [`Handle::invalidate`] and its like.
///
/// What is stored in this process is gone when this is made, and an older answer does not come back from
/// a [`RemoteStore`] either. With such a store, await it: once it is done that store has no older answer, and
/// no call of this process brings one; none of any process does, if that store keeps
/// [order](crate::RemoteStore#order).
///
/// # Cancellation
///
/// Dropped before it is done, it may leave answers in the remote store.
///
/// # Errors
///
/// [`NotInvalidated`] if the remote store failed or took too long: then, or while an answer was written to
/// it. It may still have the older answers. This process refuses them, others do not.
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
        K: Hash + Eq + Clone + Send + Sync + 'static,
        V: Send + Sync + 'static,
        St: Store<K, V>,
    {
        // Whatever of it comes from the remote store from now on is refused, however it got there.
        let before = cache.refuse_older(&scope);
        cache.forget(&scope);
        if !cache.has_remote() {
            return Self { remote: None };
        }
        let writes = cache.writes(&scope);
        let cache = Arc::clone(cache);
        let rest = async move {
            // A write that is under way would land after the removal.
            let done = cache.all_done(writes).await;
            let forgotten = cache.forget_remote(&scope, before).await;
            // A flight may have read the old answer there before it was gone, and stored it.
            cache.forget(&scope);
            match forgotten {
                Ok(()) if done => Ok(()),
                _ => Err(NotInvalidated),
            }
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
