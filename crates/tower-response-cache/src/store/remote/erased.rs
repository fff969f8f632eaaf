use std::{future::Future, hash::Hash, pin::Pin};

use tokio::time::Instant;

use super::{Codec, RemoteEntry, RemoteStore, record};
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

    fn insert<'a>(&'a self, key: &'a K, entry: RemoteEntry) -> Answer<'a, ()>;

    fn forget<'a>(&'a self, scope: &'a Scope<K>) -> Answer<'a, ()>;
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

    fn insert<'a>(&'a self, key: &'a K, entry: RemoteEntry) -> Answer<'a, ()> {
        Box::pin(async move { self.0.insert(key, entry).await.map_err(|_| Unreachable) })
    }

    fn forget<'a>(&'a self, scope: &'a Scope<K>) -> Answer<'a, ()> {
        Box::pin(async move {
            match scope {
                Scope::Key(key) => self.0.remove(key).await,
                Scope::Tag(tag) => self.0.remove_tag(tag).await,
                Scope::All => self.0.clear().await,
            }
            .map_err(|_| Unreachable)
        })
    }
}
