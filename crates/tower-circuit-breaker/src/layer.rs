use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use crate::classify::{Abandoned, PerRequest, SharedClassifier, Throttles};
use crate::handle::Handle;
use crate::keyed::{Circuits, KeyOf, SingleCircuit};
use crate::outage::Outage;
use crate::service::CircuitBreaker;
use crate::settings::{Rules, Settings, SlowRule};
use crate::transition::{OnTransition, Transition};
use crate::window::{RateRule, Window};

/// Puts a [`CircuitBreaker`] around services.
///
/// All services of one layer value, and of its clones, share their circuits.
///
/// Without a rule named, a circuit opens at an [`Outage`]: not at the fifth failure, but when nothing
/// succeeds any more. The first rule that is named takes the place of that one; of several named rules
/// any one is enough.
///
/// # Knobs
///
/// Knobs come first: once a handle, a clone or a service was taken from this layer, turning a knob
/// panics, since those would go on with other settings.
pub struct CircuitBreakerLayer<C, K = SingleCircuit, Q = SingleCircuit, By = SharedClassifier> {
    classify: C,
    key_of: Arc<K>,
    circuits: Circuits<Q>,
    by: PhantomData<fn() -> By>,
}

impl<C> CircuitBreakerLayer<C> {
    /// One circuit for all requests, which counts what `classify` says.
    #[must_use]
    pub fn new(classify: C) -> Self {
        Self::one(classify)
    }
}

#[cfg(feature = "http")]
impl CircuitBreakerLayer<crate::HttpClassifier> {
    /// One circuit for all requests, which counts what answers over HTTP say, by status and
    /// `Retry-After`. The [guide] has the table; [`HttpClassifier`](crate::HttpClassifier) takes
    /// exceptions.
    ///
    /// [guide]: https://docs.rs/tower-circuit-breaker/latest/tower_circuit_breaker/docs/http/
    #[must_use]
    pub fn http() -> Self {
        Self::new(crate::HttpClassifier::new())
    }
}

impl<M> CircuitBreakerLayer<M, SingleCircuit, SingleCircuit, PerRequest> {
    /// The same with a classifier for each call, which `make` makes from its request; see
    /// [`MakeClassifier`](crate::MakeClassifier).
    #[must_use]
    pub fn per_request(make: M) -> Self {
        Self::one(make)
    }
}

impl<C, By> CircuitBreakerLayer<C, SingleCircuit, SingleCircuit, By> {
    fn one(classify: C) -> Self {
        Self {
            classify,
            key_of: Arc::new(SingleCircuit),
            circuits: Circuits::one(Settings::default()),
            by: PhantomData,
        }
    }

    /// A circuit for each key that `key_of` gives, instead of one for all requests.
    ///
    /// `Req` is any one of the request types that `key_of` knows; it fixes the type of the key.
    ///
    /// # Panics
    ///
    /// If the layer is [not ready while open](Self::not_ready_while_open).
    #[must_use]
    #[track_caller]
    pub fn key_by<Req, K>(self, key_of: K) -> CircuitBreakerLayer<C, K, K::Key, By>
    where
        K: KeyOf<Req>,
    {
        let settings = self.untaken_settings();
        assert!(
            !settings.not_ready_while_open,
            "`not_ready_while_open` is for a single circuit: no key is known before the request"
        );
        CircuitBreakerLayer {
            circuits: Circuits::keyed(settings),
            classify: self.classify,
            key_of: Arc::new(key_of),
            by: PhantomData,
        }
    }

    /// Whether a service is not ready while its circuit would reject its call, instead of ready at
    /// all times. Default: `false`.
    ///
    /// For what chooses among services that are ready, such as `tower::balance`: there an open
    /// circuit that is always ready has the least load, and takes most calls. A service that becomes
    /// ready for a probe holds its place until it is called, dropped, or the lease ends. Others can
    /// open the circuit between `poll_ready` and `call`, so calls are rejected still.
    ///
    /// # Panics
    ///
    /// Its services panic in `poll_ready` outside of a tokio runtime with time.
    #[must_use]
    #[track_caller]
    pub fn not_ready_while_open(self, not_ready: bool) -> Self {
        self.set(|settings| settings.not_ready_while_open = not_ready)
    }
}

impl<C, K, By> CircuitBreakerLayer<C, K, SingleCircuit, By> {
    /// Shows and steers the circuit.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.circuits.handle(&SingleCircuit)
    }
}

impl<C, K, Q: Hash + Eq + Clone + fmt::Display, By> CircuitBreakerLayer<C, K, Q, By> {
    /// Shows and steers the circuits by their keys.
    #[must_use]
    pub fn circuits(&self) -> Circuits<Q> {
        self.circuits.clone()
    }

    /// Rule: trips at `failures` failures in a row.
    ///
    /// # Panics
    ///
    /// If `failures` is zero.
    #[must_use]
    #[track_caller]
    pub fn consecutive_failures(self, failures: u32) -> Self {
        let failures = NonZeroU32::new(failures).expect("a trip needs at least one failure");
        self.rule(|rules| rules.consecutive = Some(failures))
    }

    /// Rule: trips where at least `rate` of the calls in `window` failed; `rate` is above 0 and
    /// at most 1.
    ///
    /// # Panics
    ///
    /// If `rate` is out of its range.
    #[must_use]
    #[track_caller]
    pub fn failure_rate(self, rate: f64, window: Window) -> Self {
        let rate = RateRule::new(rate, window);
        self.rule(|rules| rules.failures = Some(rate))
    }

    /// Rule: trips where at least `rate` of the calls in `window` took `threshold` or longer,
    /// whether they failed or not; `rate` is above 0 and at most 1.
    ///
    /// The time runs from the call of the inner service, once it is ready, to its response. With
    /// this rule a slow success fails a probe.
    ///
    /// # Panics
    ///
    /// If `rate` is out of its range.
    #[must_use]
    #[track_caller]
    pub fn slow_calls(self, threshold: Duration, rate: f64, window: Window) -> Self {
        let rate = RateRule::new(rate, window);
        self.rule(|rules| rules.slow = Some(SlowRule { threshold, rate }))
    }

    /// Rule: trips where the service is down altogether, and not while a part of the calls still
    /// succeeds.
    ///
    /// The time of a call runs from the call of the inner service, once it is ready, to its
    /// response.
    #[must_use]
    #[track_caller]
    pub fn outage(self, outage: Outage) -> Self {
        self.rule(|rules| rules.outage = Some(outage))
    }

    /// What a throttled call means to a closed circuit. Default: [`Throttles::Failure`].
    #[must_use]
    #[track_caller]
    pub fn throttles(self, throttles: Throttles) -> Self {
        self.set(|settings| settings.throttles = throttles)
    }

    /// What a call means that is dropped before its result. Default: [`Abandoned::Ignored`].
    #[must_use]
    #[track_caller]
    pub fn abandoned(self, abandoned: Abandoned) -> Self {
        self.set(|settings| settings.abandoned = abandoned)
    }

    /// How many probes have to succeed, one after the other or at the same time, before a
    /// half-open circuit closes; one that fails opens it again. Default: 1.
    ///
    /// # Panics
    ///
    /// If `probes` is zero.
    #[must_use]
    #[track_caller]
    pub fn probes(self, probes: u32) -> Self {
        let probes = NonZeroU32::new(probes).expect("to close takes at least one probe");
        self.set(|settings| settings.probes = probes)
    }

    /// How long a probe holds its place: after that another may take it. One that has lost its
    /// place stays under way, and its success counts, but its failure no longer. Default: 10
    /// seconds.
    ///
    /// # Panics
    ///
    /// If `lease` is zero.
    #[must_use]
    #[track_caller]
    pub fn probe_lease(self, lease: Duration) -> Self {
        assert!(!lease.is_zero(), "a lease lasts some time");
        self.set(|settings| settings.probe_lease = lease)
    }

    /// How long a circuit stays open: `base` at first, twice as long at each trip after that, up
    /// to `cap`; each time with jitter, which takes off up to half of it. A trip after the circuit
    /// stayed closed for `cap`, and for a minute, starts with `base` again. A throttled call's hint
    /// that is longer takes precedence, up to [`max_hint`](Self::max_hint). Default: 2 seconds, up
    /// to 10 seconds.
    ///
    /// # Panics
    ///
    /// If `base` is zero, or longer than `cap`.
    #[must_use]
    #[track_caller]
    pub fn open_for(self, base: Duration, cap: Duration) -> Self {
        assert!(!base.is_zero(), "an open circuit is open for some time");
        assert!(base <= cap, "the cap is not below the base");
        self.set(|settings| (settings.open_base, settings.open_cap) = (base, cap))
    }

    /// How long a circuit that probes have closed admits only a share of the calls: it grows from
    /// a tenth to all of them. A call that is held back is rejected with a
    /// [`retry_after`](crate::Open::retry_after) within the rest of that time. The rules hold
    /// meanwhile, and the state is [`Closed`](crate::State::Closed). With zero all are admitted at
    /// once. Default: 10 seconds.
    #[must_use]
    #[track_caller]
    pub fn ramp(self, time: Duration) -> Self {
        self.set(|settings| settings.ramp = time)
    }

    /// How long an exhausted service keeps its circuit open if it gives no hint. Default: one hour.
    #[must_use]
    #[track_caller]
    pub fn exhausted_for(self, time: Duration) -> Self {
        self.set(|settings| settings.exhausted_for = time)
    }

    /// The longest time that the hint of a throttled call keeps a circuit open; a longer hint counts
    /// as this long. One answer speaks for all callers of the circuit, and may be wrong. Default: 60
    /// seconds, or the longest open time of [`open_for`](Self::open_for) if that is longer.
    #[must_use]
    #[track_caller]
    pub fn max_hint(self, longest: Duration) -> Self {
        self.set(|settings| settings.max_hint = Some(longest))
    }

    /// The same for the hint of an exhausted service. Default: 24 hours, since quotas are refilled
    /// daily at the latest.
    #[must_use]
    #[track_caller]
    pub fn max_exhausted_hint(self, longest: Duration) -> Self {
        self.set(|settings| settings.max_exhausted_hint = longest)
    }

    /// Makes the jitter repeatable. Default: seeded by chance.
    #[must_use]
    #[track_caller]
    pub fn seed(self, seed: u64) -> Self {
        self.set(|settings| settings.seed = Some(seed))
    }

    /// How many idle circuits to keep, about; see [`Circuits`]. Default: 1024.
    #[must_use]
    #[track_caller]
    pub fn max_idle_keys(self, keys: usize) -> Self {
        self.set(|settings| settings.max_idle_keys = keys)
    }

    /// How many circuits calls may make, idle or not, which bounds their memory. Calls of further
    /// keys pass uncounted, see [`Circuits`]; a handle makes a circuit all the same. Default: 65,536.
    ///
    /// # Panics
    ///
    /// If `keys` is zero.
    #[must_use]
    #[track_caller]
    pub fn max_keys(self, keys: usize) -> Self {
        assert!(keys > 0, "a breaker without a circuit is none");
        self.set(|settings| settings.max_keys = keys)
    }

    /// The `name` label of this layer's events and metrics. Default: `"default"`.
    #[must_use]
    #[track_caller]
    pub fn name(self, name: &'static str) -> Self {
        self.set(|settings| settings.name = name)
    }

    /// Tells `tell` of every change of a circuit's state, for those without `tracing`. Default:
    /// nobody is told.
    ///
    /// It runs where no lock is held, so it may use handles of this layer; of one circuit it is told
    /// in order, by one thread at a time. It runs within a call or the handle's method that made the
    /// change, or the one before, so it should not block. Its panics end there, after the panic hook.
    #[must_use]
    #[track_caller]
    pub fn on_transition(self, tell: impl Fn(&Transition) + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.on_transition = Some(OnTransition::new(tell)))
    }

    #[track_caller]
    fn rule(self, change: impl FnOnce(&mut Rules)) -> Self {
        self.set(|settings| change(settings.rules.named()))
    }

    #[track_caller]
    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.untaken_settings();
        change(&mut settings);
        self.circuits = self.circuits.renewed(settings);
        self
    }
}

impl<C, K, Q, By> CircuitBreakerLayer<C, K, Q, By> {
    /// The settings, as long as nobody else goes by them. Every knob starts here: it makes the
    /// circuits anew, and whoever had taken the old ones would steer circuits without calls.
    #[track_caller]
    fn untaken_settings(&self) -> Settings {
        let settings = self.circuits.settings();
        assert!(
            !settings.taken.get(),
            "`CircuitBreakerLayer` is already shared: \
             turn its knobs before taking a handle, a clone or a service of it"
        );
        settings.clone()
    }
}

impl<S, C: Clone, K, Q, By> Layer<S> for CircuitBreakerLayer<C, K, Q, By> {
    type Service = CircuitBreaker<S, C, K, Q, By>;

    fn layer(&self, inner: S) -> Self::Service {
        CircuitBreaker::new(
            inner,
            self.classify.clone(),
            Arc::clone(&self.key_of),
            self.circuits.clone(),
        )
    }
}

impl<C: Clone, K, Q, By> Clone for CircuitBreakerLayer<C, K, Q, By> {
    fn clone(&self) -> Self {
        Self {
            classify: self.classify.clone(),
            key_of: Arc::clone(&self.key_of),
            circuits: self.circuits.clone(),
            by: PhantomData,
        }
    }
}

impl<C, K, Q, By> fmt::Debug for CircuitBreakerLayer<C, K, Q, By> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerLayer")
            .field("settings", self.circuits.settings())
            .finish_non_exhaustive()
    }
}
