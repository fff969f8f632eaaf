use std::{fmt, hash::Hash, sync::Arc, time::Duration};

use tower_layer::Layer;

use crate::flight::{Cache, LayerState};
use crate::store::MemoryStore;
use crate::store::remote::{Codec, Remote, RemoteStore, WithCodec};
use crate::{handle::Handle, service::ResponseCache, settings::Settings};

/// Answers repeated requests from a cache, and lets callers that ask the same at the same time
/// share one call.
///
/// One layer value is one cache: all services that it or its clones make, and all clones of these
/// services, share it, also if their requests are of different types.
///
/// # Knobs
///
/// Knobs come first: once a handle, a clone or a service was taken from this layer, turning a knob
/// panics, since those would go on with other settings.
pub struct ResponseCacheLayer<P, K, V, St = MemoryStore<K, V>> {
    shared: LayerState<P, K, V, St>,
}

impl<P, K: Hash + Eq, V: Clone> ResponseCacheLayer<P, K, V> {
    /// A cache in memory, of entries that weigh `max_weight` at most.
    ///
    /// The unit is the one in which `policy` weighs a response: entries, as all weigh 1 unless the
    /// policy says otherwise. For a bound in bytes give a [`MemoryStore::of_bytes`] to
    /// [`with_store`](Self::with_store). See [`MemoryStore::new`] for how the bound is split and how
    /// large one entry may be. A `max_weight` of 0 stores nothing; callers that ask at the same time
    /// still share a call.
    #[must_use]
    pub fn new(policy: P, max_weight: u64) -> Self {
        Self::with_store(policy, MemoryStore::new(max_weight))
    }
}

impl<P, K, V, St> ResponseCacheLayer<P, K, V, St> {
    /// A cache that keeps its entries in `store`.
    #[must_use]
    pub fn with_store(policy: P, store: St) -> Self {
        Self::of(policy, Cache::new(store, None))
    }

    /// A cache with two stores: `store` in this process, and `remote` behind it.
    #[must_use]
    pub fn with_remote<R>(policy: P, store: St, remote: R) -> Self
    where
        R: RemoteStore<K>,
        K: Hash + Send + Sync + 'static,
        V: Codec + 'static,
    {
        let remote = Remote::new(Arc::new(WithCodec(remote)));
        Self::of(policy, Cache::new(store, Some(remote)))
    }

    /// Puts `remote` behind the store in this process, in the place of one that was there. Default: there is none
    /// but that of [`with_remote`](Self::with_remote).
    #[must_use]
    #[track_caller]
    pub fn remote<R>(mut self, remote: R) -> Self
    where
        R: RemoteStore<K>,
        K: Hash + Send + Sync + 'static,
        V: Codec + 'static,
    {
        let remote = Remote::new(Arc::new(WithCodec(remote)));
        self.knobs().set_remote(remote);
        self
    }

    /// Whether there is a remote store behind the one in this process.
    #[must_use]
    pub fn has_remote(&self) -> bool {
        self.shared.cache.has_remote()
    }

    fn of(policy: P, cache: Cache<K, V, St>) -> Self {
        Self {
            shared: LayerState {
                policy: Arc::new(policy),
                cache: Arc::new(cache),
            },
        }
    }

    /// Finishes a call in the background after all its callers have left, so that its answer is
    /// stored. Default: `false`, the call is dropped with its last caller.
    ///
    /// It is right for calls that are paid for anyway. It needs a tokio runtime: if the last caller is
    /// dropped outside of one, the call is dropped too.
    #[must_use]
    #[track_caller]
    pub fn finish_abandoned(self, finish: bool) -> Self {
        self.set(|settings| settings.finish_abandoned = finish)
    }

    /// How long a call may take that no caller waits for: one for a stale answer, or one that is
    /// [finished](Self::finish_abandoned) without callers. Default: 5 minutes.
    ///
    /// After that the call is dropped, and the next caller makes a new one. It does so, too, if the
    /// runtime that has the call is not driven any more. The runtime's clock has to be enabled, except
    /// with [`Duration::MAX`], which sets no limit.
    #[must_use]
    #[track_caller]
    pub fn background_timeout(self, limit: Duration) -> Self {
        self.set(|settings| settings.background_timeout = limit)
    }

    /// How many calls for the same answer may fail one after the other, with errors that the policy does
    /// not [share](crate::Policy::share_error), until those who still wait make calls of their own, all
    /// at once. Default: 2.
    ///
    /// The first error may be due to a limit of its caller; a second one makes an outage likely, in which
    /// nobody is to wait for the errors of all the others. With 1 nobody waits for a second call.
    /// [`u32::MAX`] lets them call one after the other to the end. 0 counts as 1.
    #[must_use]
    #[track_caller]
    pub fn failures_in_turn(self, most: u32) -> Self {
        self.set(|settings| settings.failures_in_turn = most)
    }

    /// How long each question to the remote store may take. Default: 1 second.
    ///
    /// One that takes longer has failed: a read is a miss, a write is given up, and an invalidation says
    /// [`NotInvalidated`](crate::NotInvalidated). The runtime's clock has to be enabled, except with
    /// [`Duration::MAX`], which sets no limit.
    #[must_use]
    #[track_caller]
    pub fn remote_timeout(self, limit: Duration) -> Self {
        self.set(|settings| settings.remote_timeout = limit)
    }

    /// How long a caller waits for a call that another process makes for the same answer. Default: 10 seconds,
    /// and never longer than the calls of this process took of late.
    ///
    /// After that the caller makes a call of its own. It needs a remote store that
    /// [knows](crate::RemoteStore::get_or_lead) of the calls of others. An answer that comes bit by bit gets to
    /// other processes at its end only: where people read along, set [`Duration::ZERO`], and each process
    /// makes its own call. The runtime's clock has to be enabled.
    #[must_use]
    #[track_caller]
    pub fn remote_flights(self, wait: Duration) -> Self {
        self.set(|settings| settings.remote_flights = wait)
    }

    /// The `name` label of this layer's events and metrics. Default: `"default"`.
    #[must_use]
    #[track_caller]
    pub fn name(self, name: &'static str) -> Self {
        self.set(|settings| settings.name = name)
    }

    #[track_caller]
    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        self.knobs().set(change);
        self
    }

    #[track_caller]
    fn knobs(&mut self) -> &mut Cache<K, V, St> {
        let cache = Arc::get_mut(&mut self.shared.cache);
        cache.filter(|cache| !cache.is_taken()).expect(
            "`ResponseCacheLayer` is already shared: \
             turn its knobs before taking a handle, a clone or a service of it",
        )
    }

    /// A handle to the cache.
    #[must_use]
    pub fn handle(&self) -> Handle<K, V, St> {
        Handle::new(self.share().cache)
    }

    fn share(&self) -> LayerState<P, K, V, St> {
        self.shared.cache.take();
        self.shared.clone()
    }
}

impl<S, P, K, V, St> Layer<S> for ResponseCacheLayer<P, K, V, St> {
    type Service = ResponseCache<S, P, K, V, St>;

    fn layer(&self, inner: S) -> Self::Service {
        ResponseCache::new(inner, self.share())
    }
}

impl<P, K, V, St> Clone for ResponseCacheLayer<P, K, V, St> {
    fn clone(&self) -> Self {
        Self {
            shared: self.share(),
        }
    }
}

impl<P, K, V, St> fmt::Debug for ResponseCacheLayer<P, K, V, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseCacheLayer")
            .field("settings", self.shared.cache.settings())
            .finish_non_exhaustive()
    }
}
