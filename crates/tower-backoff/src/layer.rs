use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use tower_layer::Layer;

use crate::{
    budget::Budget,
    classify::{PerRequest, SharedClassifier},
    events::{GiveUpEvent, RetryEvent},
    handle::Handle,
    policy::Policy,
    request::ReplayClone,
    service::Retry,
    settings::Settings,
    state::State,
    telemetry::Telemetry,
    waits::Backoff,
};

/// Sends a request again, after a wait, while its results are worth another attempt.
///
/// A [classifier](crate::MakeClassifier) marks those results. Everything else passes through as it is,
/// and the caller gets the last result when attempts, time or budget run out, or a hint is too long.
///
/// # Clone
///
/// All services of one layer, of its clones, and all clones of those services share one
/// [`Budget`] and one [`Handle`].
///
/// # Panics
///
/// A call that waits needs a tokio runtime with its timer, and panics without one, as does a call
/// under a deadline that waits for the inner service to become ready again.
///
/// # Knobs
///
/// Knobs come first: once a handle, a clone or a service was taken from this layer, turning a knob
/// panics, since those would go on with other settings.
pub struct BackoffLayer<C, R = ReplayClone, By = SharedClassifier> {
    classify: C,
    replay: R,
    settings: Settings,
    budget: Budget,
    seed: Option<u64>,
    state: Arc<State>,
    by: PhantomData<fn() -> By>,
}

impl<C> BackoffLayer<C> {
    /// Retries what `classify` marks. Requests are cloned; see [`replay`](Self::replay) for others.
    ///
    /// For a classifier that sees the request there is [`per_request`](BackoffLayer::per_request).
    #[must_use]
    pub fn new(classify: C) -> Self {
        Self::with(classify)
    }
}

impl<C, By> BackoffLayer<C, ReplayClone, By> {
    fn with(classify: C) -> Self {
        let budget = Budget::default();
        Self {
            classify,
            replay: ReplayClone,
            settings: Settings::default(),
            budget,
            seed: None,
            state: Arc::new(State::new(budget, None)),
            by: PhantomData,
        }
    }
}

impl<M> BackoffLayer<M, ReplayClone, PerRequest> {
    /// Retries what the classifier of the call marks, which `make` makes from its request.
    ///
    /// `make` is an `Fn(&Req) -> impl Classify`, or implements [`MakeClassifier`](crate::MakeClassifier).
    /// It runs once a call. What the classifier needs of the request it takes along, by value.
    ///
    /// ```
    /// use std::io::{Error, ErrorKind};
    /// use tower_backoff::{BackoffLayer, Verdict};
    ///
    /// struct Request {
    ///     method: &'static str,
    /// }
    ///
    /// let backoff = BackoffLayer::per_request(|request: &Request| {
    ///     // A time-out says nothing of what was done: only a read is made again after it.
    ///     let reads = request.method == "GET";
    ///     move |result: &Result<u16, Error>| match result {
    ///         Err(error) if error.kind() == ErrorKind::TimedOut && !reads => Verdict::Done,
    ///         Err(_) => Verdict::transient(),
    ///         Ok(_) => Verdict::Done,
    ///     }
    /// });
    /// # let _ = tower_layer::Layer::<()>::layer(&backoff, ());
    /// ```
    #[must_use]
    pub fn per_request(make: M) -> Self {
        Self::with(make)
    }
}

#[cfg(feature = "http")]
impl BackoffLayer<crate::HttpClassifier, ReplayClone, PerRequest> {
    /// Retries what is worth it over HTTP, by method, status and `Retry-After`. The [guide] has the
    /// table; [`HttpClassifier`](crate::HttpClassifier) takes exceptions.
    ///
    /// Requests are cloned, so their body has to be `Clone`, such as `Full<Bytes>`; see
    /// [`replay`](Self::replay) for others.
    ///
    /// [guide]: https://docs.rs/tower-backoff/latest/tower_backoff/docs/http/
    #[must_use]
    pub fn http() -> Self {
        Self::per_request(crate::HttpClassifier::new())
    }
}

impl<C, R, By> BackoffLayer<C, R, By> {
    /// The waits after throttles. Default: base 1 s, cap 60 s, [`Jitter::Equal`](crate::Jitter::Equal).
    ///
    /// With the default number of attempts these add up to more than 61 s even at their shortest,
    /// so a throttle is not given up within one quota minute.
    #[must_use]
    #[track_caller]
    pub fn throttled(mut self, backoff: Backoff) -> Self {
        self.knobs().throttled = backoff;
        self
    }

    /// The waits after transient and costly failures. Default: base 100 ms, cap 20 s, [`Jitter::Full`](crate::Jitter::Full).
    #[must_use]
    #[track_caller]
    pub fn transient(mut self, backoff: Backoff) -> Self {
        self.knobs().transient = backoff;
        self
    }

    /// Makes at most this many attempts, the first included. Default: 8.
    ///
    /// One that was [rejected](crate::Verdict::Rejected) before it was sent counts once, however often
    /// it is made again.
    ///
    /// # Panics
    ///
    /// If `attempts` is zero.
    #[must_use]
    #[track_caller]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        assert!(attempts > 0, "the first call is an attempt too");
        self.knobs().max_attempts = attempts;
        self
    }

    /// Makes at most this many attempts that end [costly](crate::Verdict::Costly), whatever the
    /// others ended with. Default: 2, so that one that timed out is made once more.
    ///
    /// # Panics
    ///
    /// If `attempts` is zero.
    #[must_use]
    #[track_caller]
    pub fn max_costly_attempts(mut self, attempts: u32) -> Self {
        assert!(attempts > 0, "the first call may turn out costly, too");
        self.knobs().max_costly_attempts = attempts;
        self
    }

    /// Waits for hints up to this long; a longer one ends the call at once, with the result that
    /// brought it. Default: the longer of the two waits' caps, 60 seconds if they are the default.
    ///
    /// With `Duration::MAX` every hint is waited for that ends before the deadline.
    #[must_use]
    #[track_caller]
    pub fn max_hint(mut self, longest: Duration) -> Self {
        self.knobs().max_hint = Some(longest);
        self
    }

    /// How long one call waits in all for [rejections](crate::Verdict::Rejected). Default: 5 seconds.
    ///
    /// Each wait is what the rejection asks for, or 100 ms, and up to a second of jitter on top. A
    /// rejection that asks for more than is left ends the call at once, with that rejection. With
    /// `Duration::ZERO` every rejection does. A call that makes one attempt at most does not wait,
    /// nor one whose budget never pays: it keeps no copy of its request.
    #[must_use]
    #[track_caller]
    pub fn rejected_wait(mut self, in_all: Duration) -> Self {
        self.knobs().rejected_wait = in_all;
        self
    }

    /// No retry may start this long after the call. Default: no deadline.
    ///
    /// A wait that could not end in time does not begin: the last result goes to the caller at
    /// once. An attempt that has begun is not cut short; that is the
    /// [`AttemptTimeoutLayer`](crate::AttemptTimeoutLayer)'s part.
    #[must_use]
    #[track_caller]
    pub fn deadline(mut self, after: Duration) -> Self {
        self.knobs().deadline = Some(after);
        self
    }

    /// How much retrying the traffic may pay for. Default: [`Budget::default`].
    #[must_use]
    #[track_caller]
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self.with_new_state()
    }

    /// Makes the jitter repeatable. Default: a new seed for each layer.
    #[must_use]
    #[track_caller]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self.with_new_state()
    }

    /// The `name` label of this layer's events and metrics. Default: `"default"`.
    #[must_use]
    #[track_caller]
    pub fn name(mut self, name: &'static str) -> Self {
        self.knobs().name = name;
        self
    }

    /// Tells `tell` of each retry, when its wait begins, for those without `tracing`.
    ///
    /// It runs in the future of the call, so keep it short; a panic in it ends that call. Given
    /// twice, the later one is told.
    ///
    /// ```
    /// use std::io::Error;
    /// use tower_backoff::{BackoffLayer, Verdict};
    ///
    /// let backoff = BackoffLayer::new(|_: &Result<u16, Error>| Verdict::transient())
    ///     .on_retry(|retry| eprintln!("{}: again in {:?}", retry.cause, retry.wait))
    ///     .on_give_up(|call| eprintln!("{}: after {} attempts", call.cause, call.attempts));
    /// # let _ = tower_layer::Layer::<()>::layer(&backoff, ());
    /// ```
    #[must_use]
    #[track_caller]
    pub fn on_retry(mut self, tell: impl Fn(&RetryEvent) + Send + Sync + 'static) -> Self {
        self.knobs().callbacks.retry = Some(Arc::new(tell));
        self
    }

    /// Tells `tell` of each call that was worth a retry and gets none, just before its caller gets
    /// the result. Otherwise as [`on_retry`](Self::on_retry).
    #[must_use]
    #[track_caller]
    pub fn on_give_up(mut self, tell: impl Fn(&GiveUpEvent) + Send + Sync + 'static) -> Self {
        self.knobs().callbacks.give_up = Some(Arc::new(tell));
        self
    }

    /// How requests are sent again, and what each asks for itself. Default: [`ReplayClone`].
    ///
    /// Takes [`FromRequest`](crate::FromRequest) or a closure `Fn(&Req) -> Option<Req>`, too.
    #[must_use]
    #[track_caller]
    pub fn replay<R2>(mut self, replay: R2) -> BackoffLayer<C, R2, By> {
        self.knobs();
        BackoffLayer {
            classify: self.classify,
            replay,
            settings: self.settings,
            budget: self.budget,
            seed: self.seed,
            state: self.state,
            by: PhantomData,
        }
    }

    /// Reads the counts and the budget of everything this layer makes.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(self.share())
    }

    /// The settings, as long as nobody else goes by them.
    #[track_caller]
    fn knobs(&mut self) -> &mut Settings {
        assert!(
            !self.state.is_taken(),
            "`BackoffLayer` is already shared: turn its knobs before taking a handle, a clone or a \
             service of it"
        );
        &mut self.settings
    }

    fn share(&self) -> Arc<State> {
        self.state.take();
        Arc::clone(&self.state)
    }

    /// For the knobs that the state is made from.
    #[track_caller]
    fn with_new_state(mut self) -> Self {
        self.knobs();
        self.state = Arc::new(State::new(self.budget, self.seed));
        self
    }
}

impl<S, C: Clone, R: Clone, By> Layer<S> for BackoffLayer<C, R, By> {
    type Service = Retry<S, C, R, By>;

    fn layer(&self, inner: S) -> Self::Service {
        Retry::new(
            inner,
            self.classify.clone(),
            Arc::new(Policy {
                replay: self.replay.clone(),
                settings: self.settings.clone(),
                state: self.share(),
                telemetry: Telemetry::new(self.settings.name),
            }),
        )
    }
}

impl<C: Clone, R: Clone, By> Clone for BackoffLayer<C, R, By> {
    fn clone(&self) -> Self {
        Self {
            classify: self.classify.clone(),
            replay: self.replay.clone(),
            settings: self.settings.clone(),
            state: self.share(),
            ..*self
        }
    }
}

impl<C, R, By> fmt::Debug for BackoffLayer<C, R, By> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackoffLayer")
            .field("settings", &self.settings)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}
