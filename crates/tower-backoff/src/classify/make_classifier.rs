use super::classify::Classify;

/// Makes the classifier of a call from its request.
///
/// Closures `Fn(&Req) -> impl Classify` implement it, for
/// [`BackoffLayer::per_request`](crate::BackoffLayer::per_request); implement it for a type of your own
/// where that type has to be named. Whatever is [`Classify`] and [`Clone`] implements it as
/// [`SharedClassifier`], for [`BackoffLayer::new`](crate::BackoffLayer::new).
///
/// ```
/// use tower_backoff::{Classify, MakeClassifier, Verdict};
///
/// struct Request {
///     repeatable: bool,
/// }
///
/// #[derive(Clone)]
/// struct ByRequest;
///
/// struct Call {
///     repeatable: bool,
/// }
///
/// impl<Res, E> MakeClassifier<Request, Res, E> for ByRequest {
///     type Classifier = Call;
///
///     fn make_classifier(&self, request: &Request) -> Call {
///         Call { repeatable: request.repeatable }
///     }
/// }
///
/// impl<Res, E> Classify<Res, E> for Call {
///     fn classify(&self, result: &Result<Res, E>) -> Verdict {
///         match result {
///             Err(_) if self.repeatable => Verdict::transient(),
///             _ => Verdict::Done,
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not classify results `Result<{Res}, {E}>` of requests `{Req}`",
    note = "a closure `Fn(&Result<{Res}, {E}>) -> Verdict` does, if it is `Clone`",
    note = "one that sees the request is made by `BackoffLayer::per_request`"
)]
pub trait MakeClassifier<Req, Res, E, By = PerRequest> {
    /// Judges the attempts of one call.
    type Classifier: Classify<Res, E>;

    /// Sees the request of the call that begins. Runs once per call.
    fn make_classifier(&self, request: &Req) -> Self::Classifier;
}

/// Marks a layer whose classifier judges all calls alike, each with a clone of it. The default.
#[derive(Clone, Copy, Debug)]
pub enum SharedClassifier {}

/// Marks a layer whose classifiers are made [per request](crate::BackoffLayer::per_request).
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
