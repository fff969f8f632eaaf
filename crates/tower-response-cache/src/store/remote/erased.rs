use std::{future::Future, hash::Hash, pin::Pin};

use tokio::time::Instant;

use super::{Codec, Outdated, RemoteEntry, RemoteStore, record};
use crate::store::{Entry, Scope};

/// Each question costs one box, which is little compared with the call that it may save.
type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unreachable>> + Send + 'a>>;

/// The remote store failed. It can tell the reason itself; the cache treats all of them alike.
#[derive(Debug)]
pub(crate) struct Unreachable;

/// A [`RemoteStore`] with the codec of its values, without its type: a cache has the same type with
/// and without one.
pub(crate) trait ErasedRemote<K, V>: Send + Sync {
    fn get<'a>(&'a self, key: &'a K) -> Answer<'a, Option<Entry<V>>>;

    /// The entry in the form of the store; `None` if its value is not for it.
    fn encode(&self, key: &K, entry: &Entry<V>) -> Option<RemoteEntry>;

    /// Says whether it was taken: it is not if it is out of date.
    fn insert<'a>(&'a self, key: &'a K, entry: RemoteEntry) -> Answer<'a, bool>;

    /// Forgets what is there from calls that began before that time.
    fn forget<'a>(&'a self, scope: &'a Scope<K>, before: u64) -> Answer<'a, ()>;
}

pub(crate) struct WithCodec<R>(pub(crate) R);

impl<K: Hash + Send + Sync, V: Codec, R: RemoteStore<K>> ErasedRemote<K, V> for WithCodec<R> {
    fn get<'a>(&'a self, key: &'a K) -> Answer<'a, Option<Entry<V>>> {
        Box::pin(async move {
            let remote = self.0.get(key).await.map_err(|_| Unreachable)?;
            let now = Instant::now();
            // An expired entry may not be gone there yet.
            match remote.map(|remote| record::read::<K, V>(key, &remote, now)) {
                None => Ok(None),
                Some(None) => Err(Unreachable),
                Some(Some(entry)) => Ok((!entry.is_expired(now)).then_some(entry)),
            }
        })
    }

    fn encode(&self, key: &K, entry: &Entry<V>) -> Option<RemoteEntry> {
        record::write(key, entry)
    }

    fn insert<'a>(&'a self, key: &'a K, entry: RemoteEntry) -> Answer<'a, bool> {
        Box::pin(async move {
            let taken = self.0.insert_newer(key, entry).await;
            taken.map_err(|_| Unreachable)
        })
    }

    fn forget<'a>(&'a self, scope: &'a Scope<K>, before: u64) -> Answer<'a, ()> {
        Box::pin(async move {
            let what = match scope {
                Scope::Key(key) => Outdated::Key(key),
                Scope::Tag(tag) => Outdated::Tag(tag),
                Scope::All => Outdated::All,
            };
            let forgotten = self.0.forget(what, before).await;
            forgotten.map_err(|_| Unreachable)
        })
    }
}
