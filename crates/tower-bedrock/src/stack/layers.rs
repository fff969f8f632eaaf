use super::{
    Off, RetryLayer,
    outlook::StackOutlook,
    part::Part,
    places::{BreakerPlace, QuotaPlace},
    shared::Shared,
};
use crate::{
    policy::Profiles,
    regions::{Choosing, Settings},
    resolve_profiles::ResolveProfilesLayer,
    telemetry::TelemetryLayer,
};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// What a stack is made of.
#[derive(Clone)]
pub(super) struct Layers<C, B, Q> {
    pub(super) regions: Arc<Settings>,
    /// Made with the first service, for it asks the layers that there are then. One for all clones.
    pub(super) choosing: Arc<OnceLock<Arc<Choosing>>>,
    pub(super) cache: Part<C>,
    pub(super) backoff: Part<RetryLayer>,
    pub(super) breaker: Part<B>,
    pub(super) quota: Part<Q>,
    pub(super) profiles: Part<ResolveProfilesLayer>,
    /// What the quotas tell of ARNs.
    pub(super) told: Profiles,
    pub(super) attempt_timeout: Duration,
    pub(super) telemetry: Part<TelemetryLayer>,
    pub(super) max_wait: Option<Duration>,
    pub(super) shared: Shared,
}

/// The layers without those that can be left out, and these.
type Split<C, B, Q> = (Layers<Off, Off, Off>, Part<C>, Part<B>, Part<Q>);

impl<C, B, Q> Layers<C, B, Q> {
    pub(super) fn split(self) -> Split<C, B, Q> {
        let off = || Part::default(Off);
        let rest = Layers {
            cache: off(),
            breaker: off(),
            quota: off(),
            regions: self.regions,
            choosing: self.choosing,
            backoff: self.backoff,
            profiles: self.profiles,
            told: self.told,
            attempt_timeout: self.attempt_timeout,
            telemetry: self.telemetry,
            max_wait: self.max_wait,
            shared: self.shared,
        };
        (rest, self.cache, self.breaker, self.quota)
    }
}

impl Layers<Off, Off, Off> {
    pub(super) fn with<C, B, Q>(
        self,
        cache: Part<C>,
        breaker: Part<B>,
        quota: Part<Q>,
    ) -> Layers<C, B, Q> {
        Layers {
            cache,
            breaker,
            quota,
            regions: self.regions,
            choosing: self.choosing,
            backoff: self.backoff,
            profiles: self.profiles,
            told: self.told,
            attempt_timeout: self.attempt_timeout,
            telemetry: self.telemetry,
            max_wait: self.max_wait,
            shared: self.shared,
        }
    }
}

impl<C, B: BreakerPlace, Q: QuotaPlace> Layers<C, B, Q> {
    pub(super) fn choosing(&self) -> Arc<Choosing> {
        let choosing = self.choosing.get_or_init(|| {
            let outlook = StackOutlook::of(&self.breaker.layer, &self.quota.layer);
            let regions = Arc::clone(&self.regions);
            Arc::new(Choosing::new(regions, Box::new(outlook)))
        });
        Arc::clone(choosing)
    }
}
