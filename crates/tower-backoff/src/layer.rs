use std::{fmt, sync::Arc, time::Duration};

use tower_layer::Layer;

use crate::{
    Backoff, Budget, Handle, Jitter, ReplayClone, Retry,
    policy::{Policy, Settings},
    state::State,
    telemetry::Telemetry,
};

/// Sends a request again, after a wait, while its results are worth another attempt.
///
/// A [classifier](crate::Classify) marks those results. Everything else passes through as it is,
/// and the caller gets the last result when attempts, time or budget run out.
///
/// # Clone
///
/// All services of one layer, of its clones, and all clones of those services share one
/// [`Budget`] and one [`Handle`]. The other knobs belong to each value.
#[derive(Clone)]
pub struct BackoffLayer<C, R = ReplayClone> {
    classify: C,
    replay: R,
    settings: Settings,
    budget: Budget,
    seed: Option<u64>,
    state: Arc<State>,
}

impl<C> BackoffLayer<C> {
    /// Retries what `classify` marks. Requests are cloned; see [`replay`](Self::replay) for others.
    #[must_use]
    pub fn new(classify: C) -> Self {
        let budget = Budget::default();
        Self {
            classify,
            replay: ReplayClone,
            settings: Settings {
                throttled: Backoff::new(Duration::from_secs(1), Duration::from_secs(60))
                    .jitter(Jitter::Equal),
                transient: Backoff::new(Duration::from_millis(100), Duration::from_secs(20)),
                max_attempts: 8,
                deadline: None,
                name: "backoff",
            },
            budget,
            seed: None,
            state: Arc::new(State::new(budget, None)),
        }
    }
}

impl<C, R> BackoffLayer<C, R> {
    /// The waits after throttles. Default: base 1 s, cap 60 s, [`Jitter::Equal`].
    ///
    /// With the default number of attempts these add up to more than 61 s even at their shortest,
    /// so a throttle is not given up within one quota minute.
    #[must_use]
    pub fn throttled(mut self, backoff: Backoff) -> Self {
        self.settings.throttled = backoff;
        self
    }

    /// The waits after transient failures. Default: base 100 ms, cap 20 s, [`Jitter::Full`].
    #[must_use]
    pub fn transient(mut self, backoff: Backoff) -> Self {
        self.settings.transient = backoff;
        self
    }

    /// Makes at most this many attempts, the first included. Default: 8.
    ///
    /// # Panics
    ///
    /// If `attempts` is zero.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        assert!(attempts > 0, "the first call is an attempt too");
        self.settings.max_attempts = attempts;
        self
    }

    /// No retry may start this long after the call. Default: no deadline.
    ///
    /// A wait that could not end in time does not begin: the last result goes to the caller at
    /// once. An attempt that has begun is not cut short; that is the
    /// [`AttemptTimeoutLayer`](crate::AttemptTimeoutLayer)'s part.
    #[must_use]
    pub fn deadline(mut self, after: Duration) -> Self {
        self.settings.deadline = Some(after);
        self
    }

    /// How much retrying the traffic may pay for. Default: [`Budget::default`].
    ///
    /// Begins a new shared state: what this layer made before keeps its old budget and counts.
    #[must_use]
    pub fn budget(self, budget: Budget) -> Self {
        let state = Arc::new(State::new(budget, self.seed));
        Self {
            budget,
            state,
            ..self
        }
    }

    /// Makes the jitter repeatable. Default: a new seed for each layer.
    ///
    /// Begins a new shared state, as [`budget`](Self::budget) does.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        let state = Arc::new(State::new(self.budget, Some(seed)));
        Self {
            seed: Some(seed),
            state,
            ..self
        }
    }

    /// The `name` of this layer in events and metrics. Default: `"backoff"`.
    #[must_use]
    pub fn name(mut self, name: &'static str) -> Self {
        self.settings.name = name;
        self
    }

    /// How requests are sent again, and what each asks for itself. Default: [`ReplayClone`].
    ///
    /// Takes [`FromRequest`](crate::FromRequest) or a closure `Fn(&Req) -> Option<Req>`, too.
    #[must_use]
    pub fn replay<R2>(self, replay: R2) -> BackoffLayer<C, R2> {
        BackoffLayer {
            classify: self.classify,
            replay,
            settings: self.settings,
            budget: self.budget,
            seed: self.seed,
            state: self.state,
        }
    }

    /// Reads the counts and the budget of everything this layer makes.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.state))
    }
}

impl<S, C: Clone, R: Clone> Layer<S> for BackoffLayer<C, R> {
    type Service = Retry<S, C, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Retry::new(
            inner,
            Arc::new(Policy {
                classify: self.classify.clone(),
                replay: self.replay.clone(),
                settings: self.settings,
                state: Arc::clone(&self.state),
                telemetry: Telemetry::new(self.settings.name),
            }),
        )
    }
}

impl<C, R> fmt::Debug for BackoffLayer<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackoffLayer")
            .field("settings", &self.settings)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}
