use std::error::Error;
use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderName, Request, Response, StatusCode};

use super::{call::HttpCall, errors::find, exceptions::Exceptions};
use crate::classify::{MakeClassifier, Verdict};

/// Says which answers over HTTP are worth another attempt, for
/// [`BackoffLayer::http`](crate::BackoffLayer::http).
///
/// It heeds the method, the status and `Retry-After`; the [guide] has the table. It is for a client that
/// is a service of [`http::Request`]s, whatever the bodies and the error.
///
/// [`error`](Self::error) and [`status`](Self::status) are asked before the table, the first one first:
///
/// ```
/// use http::StatusCode;
/// use tower_backoff::{BackoffLayer, HttpClassifier, Verdict};
/// # #[derive(Debug)] struct Open;
/// # impl std::fmt::Display for Open { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("") } }
/// # impl std::error::Error for Open {}
/// # impl Open { fn retry_after(&self) -> std::time::Duration { std::time::Duration::ZERO } }
///
/// let classifier = HttpClassifier::new()
///     // This server says 409 where two writers met.
///     .status(|status, _| (status == StatusCode::CONFLICT).then(Verdict::transient))
///     // An open circuit below refuses before anything is sent.
///     .error(|open: &Open| Some(Verdict::rejected().retry_after(open.retry_after())));
/// let backoff = BackoffLayer::per_request(classifier);
/// # let _ = tower_layer::Layer::<()>::layer(&backoff, ());
/// ```
///
/// [guide]: https://docs.rs/tower-backoff/latest/tower_backoff/docs/http/
#[derive(Clone, Default)]
pub struct HttpClassifier {
    exceptions: Arc<Exceptions>,
}

/// By which a client makes any request one that may be sent again (an Internet-Draft of the IETF,
/// draft-ietf-httpapi-idempotency-key-header).
static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

impl HttpClassifier {
    /// By the table alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks `verdict` of each answer first; `None` leaves it to the table.
    #[must_use]
    pub fn status(
        mut self,
        verdict: impl Fn(StatusCode, &HeaderMap) -> Option<Verdict> + Send + Sync + 'static,
    ) -> Self {
        let statuses = &mut Arc::make_mut(&mut self.exceptions).statuses;
        statuses.push(Arc::new(verdict));
        self
    }

    /// Asks `verdict` of each error of type `T` first; `None` leaves it to the table.
    ///
    /// The service's error is a `T` itself, or a `BoxError` (`Box<dyn Error + Send + Sync>`) that is one
    /// or has one among its [sources](Error::source).
    #[must_use]
    pub fn error<T: Error + 'static>(
        mut self,
        verdict: impl Fn(&T) -> Option<Verdict> + Send + Sync + 'static,
    ) -> Self {
        let errors = &mut Arc::make_mut(&mut self.exceptions).errors;
        errors.push(Arc::new(move |error| find(error).and_then(&verdict)));
        self
    }
}

impl<B, R, E: 'static> MakeClassifier<Request<B>, Response<R>, E> for HttpClassifier {
    type Classifier = HttpCall;

    fn make_classifier(&self, req: &Request<B>) -> HttpCall {
        let repeatable =
            req.method().is_idempotent() || req.headers().contains_key(&IDEMPOTENCY_KEY);
        HttpCall::new(Arc::clone(&self.exceptions), repeatable)
    }
}

impl fmt::Debug for HttpClassifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClassifier").finish_non_exhaustive()
    }
}
