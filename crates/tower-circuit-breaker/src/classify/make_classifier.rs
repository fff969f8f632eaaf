use super::classify::Classify;

/// Makes the classifier of a call from its request.
///
/// Closures `Fn(&Req) -> impl Classify` implement it, for
/// [`CircuitBreakerLayer::per_request`](crate::CircuitBreakerLayer::per_request); implement it for a
/// type of your own where that type has to be named. Whatever is [`Classify`] and [`Clone`]
/// implements it as [`SharedClassifier`], for
/// [`CircuitBreakerLayer::new`](crate::CircuitBreakerLayer::new).
///
/// ```
/// use tower_circuit_breaker::{CircuitBreakerLayer, Open, Verdict};
///
/// # type Answer = Result<u16, Failed>;
/// # enum Failed { TimedOut, Refused, Open(Open) }
/// # impl From<Open> for Failed { fn from(open: Open) -> Self { Self::Open(open) } }
/// struct Request {
///     method: &'static str,
/// }
///
/// // A write may take long for reasons of its own: of time-outs only a read's counts.
/// let breaker = CircuitBreakerLayer::per_request(|request: &Request| {
///     let reads = request.method == "GET";
///     move |answer: &Answer| match answer {
///         Err(Failed::TimedOut) if !reads => Verdict::Ignored,
///         Err(_) => Verdict::Failure,
///         Ok(_) => Verdict::Success,
///     }
/// });
/// # use tower::{Layer, Service, service_fn};
/// # fn check(_: impl Service<Request>) {}
/// # check(breaker.layer(service_fn(|_: Request| async { Answer::Ok(200) })));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not classify results `Result<{Res}, {E}>` of requests `{Req}`",
    note = "a closure `Fn(&Result<{Res}, {E}>) -> Verdict` does, if it is `Clone`",
    note = "one that sees the request is made by `CircuitBreakerLayer::per_request`"
)]
pub trait MakeClassifier<Req, Res, E, By = PerRequest> {
    /// Judges the result of one call.
    type Classifier: Classify<Res, E>;

    /// Sees the request of the call that begins. Runs once per call.
    fn make_classifier(&self, request: &Req) -> Self::Classifier;
}

/// Marks a layer whose classifier judges all calls alike, each with a clone of it. The default.
#[derive(Clone, Copy, Debug)]
pub enum SharedClassifier {}

/// Marks a layer whose classifiers are made [per
/// request](crate::CircuitBreakerLayer::per_request).
#[derive(Clone, Copy, Debug)]
pub enum PerRequest {}

impl<C, Req, Res, E> MakeClassifier<Req, Res, E, SharedClassifier> for C
where
    C: Classify<Res, E> + Clone,
{
    type Classifier = C;

    #[inline]
    fn make_classifier(&self, _: &Req) -> C {
        self.clone()
    }
}

impl<F, C, Req, Res, E> MakeClassifier<Req, Res, E, PerRequest> for F
where
    F: Fn(&Req) -> C,
    C: Classify<Res, E>,
{
    type Classifier = C;

    #[inline]
    fn make_classifier(&self, request: &Req) -> C {
        self(request)
    }
}
