use super::{
    burndown::Burndown,
    forecast::Drawn,
    max_output::MaxOutput,
    settings::{Settings, Shared},
};
use crate::{
    monitor::Monitor,
    policy::{
        limits::{AccountQuotas, Profiles},
        model_key::draws_tokens,
    },
    region::IntoRegion,
    regions::Asked,
};
use std::{
    fmt,
    ops::Deref,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tower_quota::{Handle, Limit, Limits, LimitsOf, MemoryLedger, QuotaLayer};

/// Tells a quota layer what Bedrock charges for a call, in tokens.
///
/// The rules are those that AWS has published (2026-09). At admission Bedrock charges a call its
/// whole input, cached or not, and its `max_tokens`; without that, the model's maximum
/// ([`MaxOutput`]). When the call ends it has cost
///
/// ```text
/// input + cache writes + output × burndown
/// ```
///
/// and the rest is given back. Cache reads are free in the end. [`Burndown`] can make a call cost
/// more than it reserved.
///
/// | the call | counts |
/// |---|---|
/// | is answered with its usage | by the rule above |
/// | is answered without it, as by some models of `InvokeModel` | as it reserved: unknown is not zero |
/// | is throttled, per minute or per day | not at all |
/// | is refused: invalid, access denied, 503, 529, 500, `ModelNotReadyException`, no connection | not at all |
/// | times out, breaks off, or fails in the model (408, 424) | as it reserved: Bedrock may have charged it |
/// | is a stream that breaks off or stalls after its first event, or whose reader leaves | as it reserved |
/// | is dropped after it was sent, by the caller or an attempt timeout | as it reserved |
///
/// # Estimate
///
/// Nobody knows the input tokens before the call. They are estimated from the request's texts,
/// schemas and media, at four bytes a token, without serializing or copying anything. What the
/// model's answers report corrects the estimate, until only the differences between single prompts
/// are left. It is set high on purpose, by 15 % at first and by its mean error later: too high a
/// reservation delays others while the call runs, too low a one is a throttle.
/// [`Request::input_tokens`](crate::Request::input_tokens) gives the exact count instead.
///
/// # Throttles
///
/// Where a throttle does not say how long to wait, its [`retry_after`](crate::Error::retry_after) is the
/// ledger's own wait.
///
/// # Clone
///
/// Clones share what was learned, and one monitor.
///
/// # Knobs
///
/// Knobs come first: once a clone or a layer was taken from this cost, turning a knob panics, since
/// those would go on with other settings. The handle is the
/// [`monitor`](Self::monitor), and only [`monitored_by`](Self::monitored_by) replaces it.
pub struct TokenCost {
    pub(super) shared: Arc<Shared>,
}

/// Far above the layer's default, since a batch may send all its calls at once. The caller holds a
/// future for each of them, so still more would be a mistake.
const MAX_QUEUE: usize = 1_000_000;

impl TokenCost {
    /// The cost of calls that are sent to `region`, or to several Regions if it is those of
    /// [`Regions`](crate::Regions).
    #[must_use]
    pub fn new(region: impl IntoRegion) -> Self {
        Self {
            shared: Arc::new(Shared::new(&region.into_regions().names)),
        }
    }

    /// The settings, as long as nobody else goes by them.
    #[track_caller]
    fn settings(&mut self) -> &mut Settings {
        let shared =
            Arc::get_mut(&mut self.shared).filter(|shared| !shared.taken.load(Ordering::Relaxed));
        let shared = shared.expect(
            "`TokenCost` is already shared: turn its knobs before taking a clone or a layer of it",
        );
        &mut shared.settings
    }

    /// Takes another table of burndown rates. Default: [`Burndown::standard`].
    #[must_use]
    #[track_caller]
    pub fn burndown(mut self, burndown: Burndown) -> Self {
        self.settings().burndown = burndown;
        self
    }

    /// Takes another table of the models' maxima. Default: [`MaxOutput::standard`].
    #[must_use]
    #[track_caller]
    pub fn max_output(mut self, max_output: MaxOutput) -> Self {
        self.settings().max_output = max_output;
        self
    }

    /// Lets `read` say how many output tokens a body of `InvokeModel` allows, by the full model id
    /// and the body's bytes. Where it answers `None` the body is read as usual.
    ///
    /// Usually the vendor in the model id tells where the body has its limit. Where the id names no
    /// model, every place that any vendor uses is looked at. A body without a limit reserves the
    /// model's maximum.
    #[must_use]
    #[track_caller]
    pub fn read_body_with(
        mut self,
        read: impl Fn(&str, &[u8]) -> Option<u64> + Send + Sync + 'static,
    ) -> Self {
        self.settings().read_body = Some(Box::new(read));
        self
    }

    /// Gives a model up that has throttled every call for this long. Default: 10 minutes, and a quarter
    /// of the time for a model that has never answered.
    ///
    /// A quota of 0 throttles for ever, and so does one that others use up. After that time, and 8
    /// throttles at least, a throttle becomes [`ErrorKind::Exhausted`](crate::ErrorKind), which is
    /// not retried. Calls of that size and larger ones are turned away for as long again, so those who
    /// wait learn it too. The first answer ends this. Time in which no call was made does not count.
    /// From the eighth throttle in a row on the error says so, whatever its kind.
    #[must_use]
    #[track_caller]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.settings().patience = patience;
        self
    }

    /// Tells `monitor` of every attempt that has ended. Default: a monitor of its own.
    ///
    /// Attempts that their callers gave up, and calls that the quota layer rejected, are not told.
    ///
    /// # Panics
    ///
    /// As every knob, and if somebody has the monitor that would be replaced.
    #[must_use]
    #[track_caller]
    pub fn monitored_by(mut self, monitor: Monitor) -> Self {
        let settings = self.settings();
        assert!(
            !settings.monitor.is_taken(),
            "the monitor of this `TokenCost` is already shared: replace it before taking it"
        );
        settings.monitor = monitor;
        self
    }

    /// Shows what is used, and which `max_tokens` would be enough.
    #[must_use]
    pub fn monitor(&self) -> Monitor {
        self.shared.settings.monitor.clone()
    }

    /// A [`QuotaLayer`] with this cost and the limits of each `"region/model"`: a
    /// [`Quotas`](crate::policy::Quotas), or any other [`AccountQuotas`].
    ///
    /// Calls that draw on no model's tokens (`CountTokens`, guardrails, asynchronous jobs) have keys of their own
    /// and never wait, whatever `quotas` says. Up to a million calls of a model may wait
    /// ([`max_queue`](QuotaLayer::max_queue)).
    ///
    /// What all models have together has the key `"region"`.
    ///
    /// # Panics
    ///
    /// As every knob, where `quotas` tells of all models together or of what ARNs stand for.
    #[must_use]
    #[track_caller]
    pub fn layer(
        mut self,
        quotas: impl AccountQuotas + Send + Sync + 'static,
    ) -> QuotaLayer<Self, MemoryLedger<Arc<str>>> {
        let is_limited = |region: &str| quotas.all_models(region).is_some();
        if self
            .shared
            .regions
            .iter()
            .any(|region| is_limited(&region.name))
        {
            // As a knob: another layer of this cost would be limited by what it was not told.
            self.settings();
            self.shared.note_limits(is_limited);
        }
        let profiles = quotas.profiles();
        if profiles != Profiles::new() {
            self.settings().profiles = profiles;
        }
        QuotaLayer::new(limits(Box::new(quotas)), self).max_queue(MAX_QUEUE)
    }

    /// Gives the layer of this cost, which `handle` is of, other quotas while it is at work.
    pub(crate) fn set_quotas(
        &self,
        handle: &Handle<Arc<str>>,
        quotas: impl AccountQuotas + Send + Sync + 'static,
    ) {
        let quotas = Arc::new(quotas);
        handle.set_all_limits(limits(Arc::clone(&quotas)));
        // Calls that ask before that are not counted under a limit that is new, and those that wait for
        // one that is gone go by what was set first.
        self.shared
            .note_limits(|region| quotas.all_models(region).is_some());
    }

    /// The Region by its name, if all models have a limit in it together.
    pub(crate) fn limited(&self, region: &str) -> Option<&Arc<str>> {
        self.shared.limited(region)
    }

    /// How many tokens a call would reserve in `region` as one of `model`.
    pub(crate) fn would_reserve(&self, region: &Arc<str>, model: &str, asked: &Asked<'_>) -> u64 {
        Drawn::reserved(region, model, asked, &self.shared).reserved_tokens
    }

    /// What its quotas tell of ARNs.
    pub(crate) fn profiles(&self) -> &Profiles {
        &self.shared.settings.profiles
    }
}

/// The limits of each key of a quota layer, its own, all models' together, or none.
fn limits<Q: AccountQuotas>(quotas: impl Deref<Target = Q>) -> impl LimitsOf<Arc<str>> {
    move |key: &Arc<str>| {
        if !key.contains('/') {
            // A Region alone.
            quotas.all_models(key).unwrap_or_else(Limits::unknown)
        } else if draws_tokens(key) {
            quotas.limits(key)
        } else {
            Limits::from(Limit::calls_per_minute(u64::from(u32::MAX)))
        }
    }
}

/// A [`QuotaLayer`] with Bedrock's [`TokenCost`]: each model in `region` has the limits that
/// `quotas` gives its key `"region/model"`; see [`TokenCost::layer`].
///
/// What `quotas` tells of ARNs takes a [`ResolveProfilesLayer`](crate::ResolveProfilesLayer) outside
/// of this layer, as a [`StackLayer`](crate::StackLayer) has it.
#[must_use]
pub fn quota_layer(
    region: impl IntoRegion,
    quotas: impl AccountQuotas + Send + Sync + 'static,
) -> QuotaLayer<TokenCost, MemoryLedger<Arc<str>>> {
    TokenCost::new(region).layer(quotas)
}

impl Clone for TokenCost {
    fn clone(&self) -> Self {
        // A knob owns the cost, so whatever handed it over has ordered this store before it.
        self.shared.taken.store(true, Ordering::Relaxed);
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl fmt::Debug for TokenCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCost")
            .field("region", self.shared.region())
            .finish_non_exhaustive()
    }
}
