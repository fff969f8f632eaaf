use std::{future::Future, hash::Hash, pin::Pin};

use tokio::time::Instant;

use super::{Codec, Failure, Outdated, RemoteEntry, RemoteFlight, RemoteLead, RemoteStore};
use super::{SharedMemory, record};
use crate::store::{Entry, Scope};

/// Each question costs one box, which is little compared with the call that it may save.
type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

type Listening<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What a remote store has for a flight.
pub(crate) enum Fetched<V> {
    Entry(Entry<V>),
    Lead(RemoteLead),
    Elsewhere,
}

/// A [`RemoteStore`] with the codec of its values, without its type: a cache has the same type with
/// and without one.
pub(crate) trait ErasedRemote<K, V>: Send + Sync {
    fn get<'a>(&'a self, key: &'a K) -> Answer<'a, Option<Entry<V>>>;

    fn get_or_lead<'a>(&'a self, key: &'a K) -> Answer<'a, Fetched<V>>;

    /// The entry in the form of the store; `None` if its value is not for it.
    fn encode(&self, key: &K, entry: &Entry<V>) -> Option<RemoteEntry>;

    /// Says whether it was taken: it is not if it is out of date.
    fn insert<'a>(&'a self, key: &'a K, entry: RemoteEntry) -> Answer<'a, bool>;

    /// Forgets what is there from calls that began before that time.
    fn forget<'a>(&'a self, scope: &'a Scope<K>, before: u64) -> Answer<'a, ()>;

    fn listen<'a>(&'a self, memory: SharedMemory<K>) -> Listening<'a>
    where
        K: 'a;
}

pub(crate) struct WithCodec<R>(pub(crate) R);

/// An expired entry, which may not be gone there yet, is `None`.
fn read<K: Hash, V: Codec>(key: &K, remote: &RemoteEntry) -> Result<Option<Entry<V>>, Failure> {
    let now = Instant::now();
    let entry = record::read::<K, V>(key, remote, now).ok_or(Failure::Unreadable)?;
    Ok((!entry.is_expired(now)).then_some(entry))
}

impl<K: Hash + Send + Sync, V: Codec, R: RemoteStore<K>> ErasedRemote<K, V> for WithCodec<R> {
    fn get<'a>(&'a self, key: &'a K) -> Answer<'a, Option<Entry<V>>> {
        Box::pin(async move {
            let found = self.0.get(key).await;
            match found.map_err(|_| Failure::Unreachable)? {
                Some(remote) => read(key, &remote),
                None => Ok(None),
            }
        })
    }

    fn get_or_lead<'a>(&'a self, key: &'a K) -> Answer<'a, Fetched<V>> {
        Box::pin(async move {
            let found = self.0.get_or_lead(key).await;
            Ok(match found.map_err(|_| Failure::Unreachable)? {
                RemoteFlight::Found(remote) => {
                    let entry = read(key, &remote)?;
                    entry.map_or(Fetched::Lead(RemoteLead::alone()), Fetched::Entry)
                }
                RemoteFlight::Lead(lead) => Fetched::Lead(lead),
                RemoteFlight::Elsewhere => Fetched::Elsewhere,
            })
        })
    }

    fn encode(&self, key: &K, entry: &Entry<V>) -> Option<RemoteEntry> {
        record::write(key, entry)
    }

    fn insert<'a>(&'a self, key: &'a K, entry: RemoteEntry) -> Answer<'a, bool> {
        Box::pin(async move {
            let taken = self.0.insert_newer(key, entry).await;
            taken.map_err(|_| Failure::Unreachable)
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
            forgotten.map_err(|_| Failure::Unreachable)
        })
    }

    fn listen<'a>(&'a self, memory: SharedMemory<K>) -> Listening<'a>
    where
        K: 'a,
    {
        Box::pin(self.0.listen(memory))
    }
}
