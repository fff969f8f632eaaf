use std::fmt;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use http::HeaderName;
use tower_layer::Layer;

use super::rate_limit_fields::RateLimitFields;
use super::{cost::HttpCost, key::HttpKey, service::HttpQuota};
use crate::layer::QuotaLayer;
use crate::ledger::memory::MemoryLedger;
use crate::limit::{Limits, LimitsOf};
use crate::settings::Settings;
use crate::telemetry::Telemetry;
use crate::usage::Handle;

/// A quota for each caller of an HTTP server: a rejection is a response, 429 with `Retry-After`.
///
/// It is for a service of [`http::Request`]s and [`http::Response`]s, such as an axum router; the error of
/// that service may be any, [`Infallible`](std::convert::Infallible) too. The [guide] has what callers are
/// told.
///
/// ```
/// use axum::{Router, http::HeaderName, routing::get};
/// use tower_quota::{HttpQuotaLayer, Limit};
///
/// let api_key = HeaderName::from_static("x-api-key");
/// # let app: Router =
/// Router::new()
///     .route("/", get(|| async { "hello" }))
///     .layer(HttpQuotaLayer::by_header(Limit::calls_per_minute(60), api_key))
/// # ;
/// ```
///
/// Limits are [enforced](crate::Limit::enforced): in any period the amount goes and no more, all of it at
/// once if it comes at once. A call that has no room is rejected at once; see [`max_wait`](Self::max_wait).
///
/// All services that one layer value or its clones make share one ledger, and so do all routes that it is
/// put around.
///
/// # Knobs
///
/// Knobs come first: once a handle, a clone or a service was taken from this layer, turning a knob
/// panics, since those would go on with other settings.
///
/// [guide]: https://docs.rs/tower-quota/latest/tower_quota/docs/http/
pub struct HttpQuotaLayer<C = HttpCost, K = HttpKey> {
    quota: QuotaLayer<C, MemoryLedger<K>>,
    fields: RateLimitFields,
}

impl HttpQuotaLayer {
    /// Callers are told apart by a header; see [`HttpCost::by_header`] for which will do.
    #[must_use]
    pub fn by_header(
        limits: impl LimitsOf<HttpKey> + Send + Sync + 'static,
        name: HeaderName,
    ) -> Self {
        Self::serving(limits, HttpCost::by_header(name))
    }

    /// Callers are told apart by an extension of the request; see [`HttpCost::by_extension`].
    ///
    /// ```
    /// use tower_quota::{HttpKey, HttpQuotaLayer, Limit, Limits};
    ///
    /// #[derive(Clone)]
    /// struct User {
    ///     name: String,
    /// }
    ///
    /// let limits = |key: &HttpKey| match *key == HttpKey::from("acme") {
    ///     true => Limits::from(Limit::calls_per_minute(6_000)),
    ///     false => Limits::from(Limit::calls_per_minute(60)),
    /// };
    /// let quota = HttpQuotaLayer::by_extension(limits, |user: &User| HttpKey::from(&*user.name));
    /// # drop(quota);
    /// ```
    #[must_use]
    pub fn by_extension<T, Q>(
        limits: impl LimitsOf<HttpKey> + Send + Sync + 'static,
        key: impl Fn(&T) -> Q + Send + Sync + 'static,
    ) -> Self
    where
        T: Clone + Send + Sync + 'static,
        Q: Into<HttpKey>,
    {
        Self::serving(limits, HttpCost::by_extension(key))
    }

    /// Callers are told apart by their address; see [`HttpCost::by_peer`].
    #[must_use]
    pub fn by_peer<T>(
        limits: impl LimitsOf<HttpKey> + Send + Sync + 'static,
        address: impl Fn(&T) -> IpAddr + Send + Sync + 'static,
    ) -> Self
    where
        T: Clone + Send + Sync + 'static,
    {
        Self::serving(limits, HttpCost::by_peer(address))
    }

    /// Callers are not told apart: the limits are for all of them together.
    #[must_use]
    pub fn for_all(limits: impl LimitsOf<HttpKey> + Send + Sync + 'static) -> Self {
        Self::serving(limits, HttpCost::one())
    }

    fn serving(limits: impl LimitsOf<HttpKey> + Send + Sync + 'static, cost: HttpCost) -> Self {
        Self::new(limits, cost.serving())
    }
}

impl<C, K: Hash + Eq + Clone + fmt::Display> HttpQuotaLayer<C, K> {
    /// Requests cost what `cost` says, such as a closure `Fn(&http::Request<B>) -> Ask<K>`, under `limits`,
    /// which are [enforced](crate::Limit::enforced), each key for itself.
    ///
    /// The text of a key appears in events. Callers are not told.
    #[must_use]
    pub fn new(limits: impl LimitsOf<K> + Send + Sync + 'static, cost: C) -> Self {
        let limits = move |key: &K| -> Limits {
            let limits = limits.limits(key).or_probing().into_iter();
            limits.map(crate::Limit::enforced).collect()
        };
        Self::of(QuotaLayer::new(limits, cost).max_wait(Duration::ZERO))
    }

    /// With the ledger, the knobs and the cost of `quota`, as they are: its limits are not enforced, but
    /// learned, unless they say otherwise, and its calls wait, unless its
    /// [`max_wait`](QuotaLayer::max_wait) says otherwise.
    #[must_use]
    pub fn of(quota: QuotaLayer<C, MemoryLedger<K>>) -> Self {
        Self {
            quota,
            fields: RateLimitFields::default(),
        }
    }

    /// Which answers tell the limits and what is left of them. Default: all.
    #[must_use]
    #[track_caller]
    pub fn rate_limit_fields(mut self, fields: RateLimitFields) -> Self {
        self = self.set(|_| {});
        self.fields = fields;
        self
    }

    /// A request that would wait longer is rejected at once. Default: zero, so that none waits.
    #[must_use]
    #[track_caller]
    pub fn max_wait(self, wait: Duration) -> Self {
        self.set(|settings| settings.max_wait = Some(wait))
    }

    /// At most so many requests of one key wait. Default: 4096; see
    /// [`QuotaLayer::max_queue`].
    #[must_use]
    #[track_caller]
    pub fn max_queue(self, calls: usize) -> Self {
        self.set(|settings| settings.max_queue = calls)
    }

    /// How many idle keys to keep. Default: 1024; see [`QuotaLayer::max_idle_keys`].
    #[must_use]
    #[track_caller]
    pub fn max_idle_keys(self, keys: usize) -> Self {
        self.set(|settings| settings.max_idle_keys = keys)
    }

    /// How many keys to keep at most, which bounds the memory; newcomers beyond share one account.
    /// Default: 65,536; see [`QuotaLayer::max_keys`].
    #[must_use]
    #[track_caller]
    pub fn max_keys(self, keys: usize) -> Self {
        self.set(|settings| settings.max_keys = keys)
    }

    /// The `name` label of this layer's events and metrics. Default: `"default"`.
    #[must_use]
    #[track_caller]
    pub fn name(self, name: &'static str) -> Self {
        self.set(|settings| settings.telemetry = Telemetry::new(name))
    }

    #[track_caller]
    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        self.quota.change(change).expect(
            "`HttpQuotaLayer` is already shared: turn its knobs before taking a handle, a clone or a \
             service of it",
        );
        self
    }

    /// Shows what is used. Limits that it [sets](Handle::set_limits) are enforced if they say so.
    #[must_use]
    pub fn handle(&self) -> Handle<K> {
        self.quota.handle()
    }
}

impl<S, C: Clone, K> Layer<S> for HttpQuotaLayer<C, K> {
    type Service = HttpQuota<S, C, K>;

    fn layer(&self, inner: S) -> Self::Service {
        HttpQuota::new(self.quota.layer(inner), self.fields)
    }
}

impl<C: Clone, K> Clone for HttpQuotaLayer<C, K> {
    fn clone(&self) -> Self {
        Self {
            quota: self.quota.clone(),
            fields: self.fields,
        }
    }
}

impl<C, K> fmt::Debug for HttpQuotaLayer<C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpQuotaLayer")
            .field("quota", &self.quota)
            .field("fields", &self.fields)
            .finish()
    }
}
