use super::{
    Off,
    layers::Layers,
    part::Part,
    places::{BreakerPlace, CachePlace, QuotaPlace},
    shared::Shared,
};
use crate::{
    client::Bedrock,
    deadline::{Deadline, DeadlineLayer},
    explain::{Explain, ExplainLayer},
    policy::{
        self, AccountQuotas, Answer, CachePolicy, CircuitPolicy, Profiles, RetryPolicy, TokenCost,
        cache::CacheKey,
    },
    region::IntoRegion,
    regions::{InRegion, Sending},
    resolve_profiles::{ResolveProfiles, ResolveProfilesLayer},
    telemetry::{Telemetry, TelemetryLayer},
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tower_backoff::{
    AttemptTimeoutLayer, BackoffLayer, FromRequest, PerRequest, Retry,
    attempt_timeout::AttemptTimeoutService,
};
use tower_circuit_breaker::{CircuitBreaker, CircuitBreakerLayer};
use tower_layer::Layer;
use tower_quota::{Limits, MemoryLedger, QuotaLayer};
use tower_response_cache::{ResponseCache, ResponseCacheLayer};

/// The retry layer of a [`StackLayer`].
pub type RetryLayer = BackoffLayer<RetryPolicy, FromRequest, PerRequest>;
/// The circuit breaker of a [`StackLayer`].
pub type BreakerLayer = CircuitBreakerLayer<CircuitPolicy, CircuitPolicy, Arc<str>>;
/// The response cache of a [`StackLayer`].
pub type CacheLayer = ResponseCacheLayer<CachePolicy, CacheKey, Answer>;
/// The quota layer of a [`StackLayer`].
pub type TokenQuotaLayer = QuotaLayer<TokenCost, MemoryLedger<Arc<str>>>;

/// The service that a [`StackLayer`] makes of `S`.
pub type Stack<S = Bedrock> =
    Telemetry<Explain<Deadline<ResponseCache<Resolved<S>, CachePolicy, CacheKey, Answer>>>>;

type Resolved<S> = ResolveProfiles<Retried<S>>;
type Retried<S> = Retry<InRegion<Guarded<S>>, RetryPolicy, FromRequest, PerRequest>;
type Guarded<S> = CircuitBreaker<Paced<S>, CircuitPolicy, CircuitPolicy, Arc<str>>;
type Paced<S> = tower_quota::Quota<Sending<Attempted<S>>, TokenCost, MemoryLedger<Arc<str>>>;
type Attempted<S> = Telemetry<AttemptTimeoutService<S, Duration>>;

/// The layers in their proper order, outside in: telemetry of the call, explain, deadline, cache, retry,
/// choice of the Region, circuit breaker, quota, telemetry of the attempt, attempt timeout.
///
/// A repeated request costs nothing below the cache; each retry asks the circuit and takes quota
/// anew; a sleeping retry holds nothing. One value serves every [`Operation`](crate::Operation).
///
/// # Clone
///
/// Clones, and all services of one value, share cache, circuits, quota and counts.
///
/// # Knobs
///
/// Knobs come first: once a handle, a clone or a service was taken from this layer, turning a knob
/// panics, since those would go on with other settings. Each of the inner layers is given once, for
/// its handles would show nothing if another one took its place.
///
/// # Without a layer
///
/// [`without_cache`](Self::without_cache), [`without_circuit_breaker`](Self::without_circuit_breaker) and
/// [`without_quota`](Self::without_quota) leave one out. Its type in the stack's is then [`Off`], and the
/// stack has no handle of it. `<StackLayer<Off> as Layer<Bedrock>>::Service` is the service without a
/// cache, say.
pub struct StackLayer<C = CacheLayer, B = BreakerLayer, Q = TokenQuotaLayer> {
    pub(super) layers: Layers<C, B, Q>,
    /// Whether a handle, a clone or a service was taken. The inner layers make the handles, so they
    /// cannot know that a knob of the stack replaces one of them.
    taken: AtomicBool,
}

impl StackLayer {
    /// The stack for calls that are sent to `region`: that of the client inside, best told by it,
    /// `StackLayer::new(&bedrock)`, or by its name, such as `"us-east-1"`; or for those that are sent to
    /// several [`Regions`](crate::Regions), `StackLayer::new(&regions)`. Calls of another account
    /// belong under a stack of their own, lest they share answers.
    ///
    /// It is for work that can wait, such as a batch: a call waits for as long as its turn takes.
    /// [`for_web_server`](Self::for_web_server) is for callers who do not.
    ///
    /// Defaults: complete answers are kept for an hour in 64 MiB; a call is attempted 12 times at
    /// most; a model's circuit opens as [`policy::circuit_breaker_layer`] says; a model's quota is
    /// found by probing, unless [`quotas`](Self::quotas) tells it; an attempt may take 6 minutes.
    #[must_use]
    pub fn new(region: impl IntoRegion) -> Self {
        const HOUR: Duration = Duration::from_secs(3600);
        const BYTES: u64 = 64 * 1024 * 1024;
        let regions = region.into_regions();
        let region = regions.first();
        Self {
            layers: Layers {
                cache: Part::default(policy::response_cache_layer(&regions, HOUR, BYTES)),
                backoff: Part::default(RetryPolicy::new().layer_over_quota()),
                breaker: Part::default(policy::circuit_breaker_layer(Arc::clone(region))),
                quota: Part::default(policy::quota_layer(&regions, Limits::unknown())),
                profiles: Part::default(ResolveProfilesLayer::new(Profiles::new())),
                told: Profiles::new(),
                attempt_timeout: policy::LONGEST_ANSWER,
                telemetry: Part::default(TelemetryLayer::calls(Arc::clone(region))),
                max_wait: None,
                shared: Shared::default(),
                choosing: Arc::default(),
                regions,
            },
            taken: AtomicBool::new(false),
        }
    }
}

impl<B, Q> StackLayer<CacheLayer, B, Q> {
    /// Takes another cache; [`policy::response_cache_layer`] makes one.
    ///
    /// One of zero bytes keeps nothing, though identical calls at one time still become one.
    #[must_use]
    #[track_caller]
    pub fn cache(mut self, cache: CacheLayer) -> Self {
        let layers = self.knobs();
        let cache = layers.shared.cache(cache);
        layers.cache.give(cache, "cache");
        self
    }

    /// Leaves the cache out: no answer is kept, and equal calls at one time are as many calls. A request
    /// that [may only be answered from a cache](crate::CacheUse::OnlyIfCached) fails.
    ///
    /// # Panics
    ///
    /// As every knob, and if a cache was given.
    #[must_use]
    #[track_caller]
    pub fn without_cache(mut self) -> StackLayer<Off, B, Q> {
        self.knobs();
        let (layers, cache, breaker, quota) = self.layers.split();
        StackLayer::of(layers.with(cache.leave_out("cache"), breaker, quota))
    }
}

impl<C, Q> StackLayer<C, BreakerLayer, Q> {
    /// Takes another circuit breaker; [`policy::circuit_breaker_layer`] makes one.
    #[must_use]
    #[track_caller]
    pub fn circuit_breaker(mut self, breaker: BreakerLayer) -> Self {
        self.knobs().breaker.give(breaker, "circuit_breaker");
        self
    }

    /// Leaves the circuit breaker out: each call finds out by itself that a model is down.
    ///
    /// # Panics
    ///
    /// As every knob, and if a circuit breaker was given.
    #[must_use]
    #[track_caller]
    pub fn without_circuit_breaker(mut self) -> StackLayer<C, Off, Q> {
        self.knobs();
        let (layers, cache, breaker, quota) = self.layers.split();
        StackLayer::of(layers.with(cache, breaker.leave_out("circuit_breaker"), quota))
    }
}

impl<C, B> StackLayer<C, B, TokenQuotaLayer> {
    /// Tells the quotas of the account. Default: each model's is found by probing.
    ///
    /// Takes a table of [`Quotas`](policy::Quotas), which also tells what all models have together
    /// and which model an ARN stands for; a [`Limit`](tower_quota::Limit) or an array of them, for
    /// each model alike; or a closure `Fn(&Arc<str>) -> Limits`. Makes a quota layer, so there can be
    /// no [`quota`](Self::quota) beside it.
    #[must_use]
    #[track_caller]
    pub fn quotas(self, quotas: impl AccountQuotas + Send + Sync + 'static) -> Self {
        let quota = policy::quota_layer(&self.layers.regions, quotas);
        self.quota(quota)
    }

    /// Takes another quota layer; [`policy::quota_layer`] makes one. There can be no
    /// [`quotas`](Self::quotas) beside it.
    #[must_use]
    #[track_caller]
    pub fn quota(mut self, quota: TokenQuotaLayer) -> Self {
        let layers = self.knobs();
        layers.told = quota.cost().profiles().clone();
        layers.profiles.layer.tell(layers.told.clone());
        let quota = layers.shared.quota(quota);
        layers.quota.give(quota, "quota");
        self
    }

    /// Leaves the quota out: no call waits for its turn, and no tokens are counted. What is throttled waits
    /// between its attempts alone, so unless a retry layer was given it is that of
    /// [`RetryPolicy::layer`], which time bounds and not attempts.
    ///
    /// # Panics
    ///
    /// As every knob, and if a quota was given.
    #[must_use]
    #[track_caller]
    pub fn without_quota(mut self) -> StackLayer<C, B, Off> {
        self.knobs();
        let mut layers = self.layers;
        if !layers.backoff.given {
            layers.backoff = Part::default(RetryPolicy::new().layer());
        }
        let (layers, cache, breaker, quota) = layers.split();
        StackLayer::of(layers.with(cache, breaker, quota.leave_out("quota")))
    }
}

impl<C, B, Q> StackLayer<C, B, Q> {
    /// Takes another retry layer; [`RetryPolicy::layer_over_quota`] makes one.
    #[must_use]
    #[track_caller]
    pub fn backoff(mut self, backoff: RetryLayer) -> Self {
        self.knobs().backoff.give(backoff, "backoff");
        self
    }

    /// Takes another layer that knows what ARNs stand for, to have it ask AWS. What the
    /// [`quotas`](Self::quotas) tell of them is added to it. Default: one that asks nobody.
    #[must_use]
    #[track_caller]
    pub fn resolve_profiles(mut self, profiles: ResolveProfilesLayer) -> Self {
        let layers = self.knobs();
        profiles.tell(layers.told.clone());
        layers.profiles.give(profiles, "resolve_profiles");
        self
    }

    /// Sets how long an attempt may take before it counts as timed out. Default: 6 minutes.
    ///
    /// It is what finds a model that hangs: a call that its caller gives up says nothing about the
    /// model. Long answers take minutes, and whoever ends them sooner pays for them all the same; so
    /// there is one more attempt, and a hanging model is told after two of them. Where answers are
    /// shorter set it to a little more than the longest one takes, and tell the circuit breaker by
    /// [`CircuitPolicy::longest_answer`]: without that a shorter limit opens no circuit.
    #[must_use]
    #[track_caller]
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.knobs().attempt_timeout = limit;
        self
    }

    /// Takes another layer that tells of calls, one of [`TelemetryLayer::calls`]; that of attempts comes
    /// from it. Default: one with its defaults.
    #[must_use]
    #[track_caller]
    pub fn telemetry(mut self, telemetry: TelemetryLayer) -> Self {
        self.knobs().telemetry.give(telemetry, "telemetry");
        self
    }

    /// Sets how long a call waits before an attempt of it starts: for its turn of the quota, for an open
    /// circuit, and between attempts, all together from when it was made. Default: no bound.
    ///
    /// A call whose next attempt cannot start in time fails as soon as that is known, at the bound at the
    /// latest: with [`QuotaRejected`](crate::ErrorKind), with
    /// [`CircuitOpen`](crate::ErrorKind), or with what its last attempt failed with, and with a
    /// [`retry_after`](crate::Error::retry_after). An attempt that has begun may take as long as the
    /// [attempt timeout](Self::attempt_timeout); so a call ends within the sum of both, a stream begins.
    ///
    /// A request's own [`max_wait`](crate::Request::max_wait) takes its place.
    #[must_use]
    #[track_caller]
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.knobs().max_wait = Some(wait);
        self
    }

    #[track_caller]
    pub(super) fn knobs(&mut self) -> &mut Layers<C, B, Q> {
        assert!(
            !*self.taken.get_mut(),
            "`StackLayer` is already shared: turn its knobs before taking a handle, a clone or a \
             service of it"
        );
        &mut self.layers
    }

    /// The layers, for whoever takes a part of them along.
    pub(super) fn share(&self) -> &Layers<C, B, Q> {
        // A knob owns the whole value, so whatever handed it over has ordered this store before it.
        self.taken.store(true, Ordering::Relaxed);
        &self.layers
    }

    const fn of(layers: Layers<C, B, Q>) -> Self {
        let taken = AtomicBool::new(false);
        Self { layers, taken }
    }
}

impl<S, C, B, Q> Layer<S> for StackLayer<C, B, Q>
where
    Q: QuotaPlace + Layer<Sending<Attempted<S>>>,
    B: BreakerPlace + Layer<Q::Service>,
    C: CachePlace
        + Layer<ResolveProfiles<Retry<InRegion<B::Service>, RetryPolicy, FromRequest, PerRequest>>>,
{
    type Service = Telemetry<Explain<Deadline<C::Service>>>;

    /// Each layer has a reason to be where it is.
    fn layer(&self, inner: S) -> Self::Service {
        let layers = self.share();
        // Innermost, so that it measures the model and not the wait for a turn.
        let inner = AttemptTimeoutLayer::new(layers.attempt_timeout).layer(inner);
        // Outside the timeout, so that it knows of one. Inside the quota: its time is the model's.
        let inner = layers.telemetry.layer.attempts().layer(inner);
        // Inside the quota: whoever has his turn is sent. The store that processes share keeps the bytes of an
        // answer.
        let inner = Sending::new(inner).with_raw_responses(layers.cache.layer.has_remote());
        // Inside the breaker: an open circuit turns a call away before it queues for quota. Inside
        // the retries: each attempt is charged by Bedrock, so each takes quota of its own.
        let inner = layers.quota.layer.layer(inner);
        // Inside the retries: it hears of every attempt, and a retry notices that it has opened.
        let inner = layers.breaker.layer.layer(inner);
        // Outside whatever has a key for each Region. Inside the retries: an attempt that finds no room in
        // one Region goes to another one without a pause.
        let inner = InRegion::new(inner, layers.choosing());
        // Inside the cache: callers who share a call share its retries.
        let inner = layers.backoff.layer.layer(inner);
        // Outside whatever has a key for each model. Inside the cache: its answers are of no quota.
        let inner = layers.profiles.layer.layer(inner);
        let inner = layers.cache.layer.layer(inner);
        // Outside the cache: a caller may wait for another one's call, which knows nothing of its
        // deadline.
        let mut deadline = DeadlineLayer::new();
        if let Some(wait) = layers.max_wait {
            deadline = deadline.max_wait(wait);
        }
        let inner = deadline.layer(inner);
        // Outside all of them: whichever layer an error is of, it tells of the call.
        let inner = ExplainLayer::new(Arc::clone(layers.regions.first())).layer(inner);
        // Outermost: its time is the caller's, and its errors are told of their calls.
        layers.telemetry.layer.layer(inner)
    }
}

impl<C: Clone, B: Clone, Q: Clone> Clone for StackLayer<C, B, Q> {
    fn clone(&self) -> Self {
        Self {
            layers: self.share().clone(),
            taken: AtomicBool::new(true),
        }
    }
}

impl<C, B, Q> fmt::Debug for StackLayer<C, B, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StackLayer")
            .field("region", self.layers.regions.first())
            .field("attempt_timeout", &self.layers.attempt_timeout)
            .finish_non_exhaustive()
    }
}
