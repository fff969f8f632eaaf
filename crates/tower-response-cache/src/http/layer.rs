use std::sync::{Arc, OnceLock};
use std::{fmt, time::Duration};

use http::HeaderName;
use tower_layer::Layer;

use super::origin::Origin;
use super::policy::HttpPolicy;
use super::settings::HttpSettings;
use super::stored::{Generations, HttpKey, HttpStore, Stored, Unshared};
use super::{HttpCache, HttpCacheHandle};
use crate::ResponseCacheLayer;

/// A shared cache of HTTP: keeps what a response allows to be kept, by RFC 9111.
///
/// It is for a service of [`http::Request`]s, such as an axum router or a client. A response is kept if
/// it says for how long, or if [`default_ttl`](Self::default_ttl) does. The [guide] has the rules.
///
/// ```
/// use axum::{Router, http::header, routing::get};
/// use tower_response_cache::HttpCacheLayer;
///
/// # let app: Router =
/// Router::new()
///     .route("/news", get(|| async { ([(header::CACHE_CONTROL, "max-age=60")], "none") }))
///     .layer(HttpCacheLayer::new(64 << 20))
/// # ;
/// ```
///
/// One layer value is one cache: all services that it or its clones make share it. So give each nested
/// router a layer of its own: it may not see the whole path of its requests.
///
/// # Knobs
///
/// Knobs come first: once a handle, a clone or a service was taken from this layer, turning a knob
/// panics, since those would go on with other settings.
///
/// [guide]: https://docs.rs/tower-response-cache/latest/tower_response_cache/docs/http/
pub struct HttpCacheLayer {
    max_bytes: u64,
    settings: HttpSettings,
    shared: OnceLock<Shared>,
}

#[derive(Clone)]
struct Shared {
    policy: Arc<HttpPolicy>,
    layer: ResponseCacheLayer<Arc<HttpPolicy>, HttpKey, Stored>,
}

impl HttpCacheLayer {
    /// A cache whose answers take up at most `max_bytes` of memory.
    ///
    /// The bound is split over up to 16 shards, and an answer must fit into one: see
    /// [`MemoryStore::of_bytes`](crate::MemoryStore::of_bytes).
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        Self {
            max_bytes,
            settings: HttpSettings::default(),
            shared: OnceLock::new(),
        }
    }

    /// The fields of a request that are part of its key, in the place of those before. A response whose `Vary`
    /// names another one is not kept: name `accept-encoding` too if responses are compressed. Default:
    /// `accept-encoding`.
    ///
    /// The authority, in the URI or in `Host`, is always part of the key.
    #[must_use]
    #[track_caller]
    pub fn vary_by(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        let names = names.into_iter().collect();
        self.set(|settings| settings.vary_by = names)
    }

    /// The largest body that is kept: bytes. Default: 1 MiB.
    ///
    /// A response that may be kept is held back until its body is there. If the body turns out to be
    /// larger, what was read goes to the caller that made the call, and the rest as it comes.
    #[must_use]
    #[track_caller]
    pub fn max_body(self, bytes: usize) -> Self {
        self.set(|settings| settings.max_body = bytes)
    }

    /// How long a response is kept that does not say, if its status may be kept by default (RFC 9110,
    /// section 15.1: 200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501). Default: 0, it is not kept.
    ///
    /// Such a response is given to all callers, also if it was made for the cookie of one.
    #[must_use]
    #[track_caller]
    pub fn default_ttl(self, ttl: Duration) -> Self {
        self.set(|settings| settings.default_ttl = ttl)
    }

    /// How long an answer with an `ETag` or a `Last-Modified` stays after its lifetime, so that the service
    /// can be asked whether it is still good. Default: 10 minutes, as in nginx.
    ///
    /// It takes no room from others: it is pushed out like any other answer. With 0 nothing is asked, and
    /// what says `no-cache` is not kept.
    #[must_use]
    #[track_caller]
    pub fn validate_for(self, time: Duration) -> Self {
        self.set(|settings| settings.validate_for = time)
    }

    /// How many calls for the same answer may fail one after the other, until those who wait for it are
    /// let go. Default: 2. See [`ResponseCacheLayer::failures_in_turn`].
    ///
    /// [`ResponseCacheLayer::failures_in_turn`]: crate::ResponseCacheLayer::failures_in_turn
    #[must_use]
    #[track_caller]
    pub fn failures_in_turn(self, most: u32) -> Self {
        self.set(|settings| settings.failures_in_turn = most)
    }

    /// What those get that are let go after so many failures. Default: `true`, the status of the last one and
    /// its `Retry-After`, or 502 if the inner service answered nothing.
    ///
    /// With `false` each of them makes a call of its own, all at once. A refusal, such as a 403 or a 429, is
    /// always for its own caller.
    #[must_use]
    #[track_caller]
    pub fn share_failures(self, share: bool) -> Self {
        self.set(|settings| settings.share_failures = share)
    }

    /// How long a call may take that no caller waits for. Default: 5 minutes. See
    /// [`ResponseCacheLayer::background_timeout`].
    ///
    /// [`ResponseCacheLayer::background_timeout`]: crate::ResponseCacheLayer::background_timeout
    #[must_use]
    #[track_caller]
    pub fn background_timeout(self, limit: Duration) -> Self {
        self.set(|settings| settings.background_timeout = limit)
    }

    /// Finishes a call in the background after all its callers have left, so that its answer is stored.
    /// Default: `false`. See [`ResponseCacheLayer::finish_abandoned`].
    ///
    /// [`ResponseCacheLayer::finish_abandoned`]: crate::ResponseCacheLayer::finish_abandoned
    #[must_use]
    #[track_caller]
    pub fn finish_abandoned(self, finish: bool) -> Self {
        self.set(|settings| settings.finish_abandoned = finish)
    }

    /// The name of the cache in the `Cache-Status` field, and the `name` label of events and metrics.
    /// Default: `"default"`.
    ///
    /// # Panics
    ///
    /// Panics unless it is a token that begins with a letter: letters, digits, and any of `!#$%&'*+-.^_|~:/`
    /// and the backquote.
    #[must_use]
    #[track_caller]
    pub fn name(self, name: &'static str) -> Self {
        let begins = name.starts_with(|first: char| first.is_ascii_alphabetic());
        let goes_on =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte);
        assert!(
            begins && name.bytes().all(goes_on),
            "the name of a cache must be a token"
        );
        self.set(|settings| settings.name = name)
    }

    #[track_caller]
    fn set(mut self, change: impl FnOnce(&mut HttpSettings)) -> Self {
        assert!(
            self.shared.get().is_none(),
            "`HttpCacheLayer` is already shared: \
             turn its knobs before taking a handle, a clone or a service of it"
        );
        change(&mut self.settings);
        self
    }

    /// A handle to the cache.
    #[must_use]
    pub fn handle(&self) -> HttpCacheHandle {
        let Shared { policy, layer } = self.shared();
        HttpCacheHandle::new(layer.handle(), Arc::clone(policy))
    }

    fn shared(&self) -> &Shared {
        self.shared.get_or_init(|| {
            let settings = self.settings.clone();
            let (name, finish) = (settings.name, settings.finish_abandoned);
            let (failures, limit) = (settings.failures_in_turn, settings.background_timeout);
            let policy = Arc::new(HttpPolicy {
                settings,
                generations: Generations::new(),
                unshared: Unshared::new(),
            });
            let store = HttpStore::of_bytes(self.max_bytes);
            let layer = ResponseCacheLayer::with_store(Arc::clone(&policy), store)
                .finish_abandoned(finish)
                .failures_in_turn(failures)
                .background_timeout(limit)
                .name(name);
            Shared { policy, layer }
        })
    }
}

impl<S> Layer<S> for HttpCacheLayer {
    type Service = HttpCache<S>;

    fn layer(&self, inner: S) -> HttpCache<S> {
        let Shared { policy, layer } = self.shared();
        HttpCache::new(layer.layer(Origin {
            inner,
            policy: Arc::clone(policy),
            cache: Arc::clone(layer.handle().cache()),
        }))
    }
}

impl Clone for HttpCacheLayer {
    fn clone(&self) -> Self {
        Self {
            max_bytes: self.max_bytes,
            settings: self.settings.clone(),
            shared: OnceLock::from(self.shared().clone()),
        }
    }
}

impl fmt::Debug for HttpCacheLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCacheLayer")
            .field("max_bytes", &self.max_bytes)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
