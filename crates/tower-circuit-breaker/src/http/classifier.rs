use std::error::Error;
use std::time::SystemTime;
use std::{fmt, sync::Arc};

use http::{HeaderMap, Response, StatusCode};

use super::exceptions::Exceptions;
use super::{errors::find, retry_after::retry_after, statuses};
use crate::classify::{Classify, Verdict};

/// Says what answers over HTTP tell about the service, for
/// [`CircuitBreakerLayer::http`](crate::CircuitBreakerLayer::http).
///
/// It heeds the status and `Retry-After`; the [guide] has the table. It is for a service that answers
/// with [`http::Response`]s, whatever the requests, the bodies and the error.
///
/// [`error`](Self::error) and [`status`](Self::status) are asked before the table, the first one first:
///
/// ```
/// use http::StatusCode;
/// use tower_circuit_breaker::{CircuitBreakerLayer, HttpClassifier, Verdict};
/// # #[derive(Debug)] struct Rejected;
/// # impl std::fmt::Display for Rejected { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("") } }
/// # impl std::error::Error for Rejected {}
///
/// let classifier = HttpClassifier::new()
///     // A monthly quota is used up.
///     .status(|status, _| (status == StatusCode::PAYMENT_REQUIRED).then(Verdict::exhausted))
///     // A quota below has no room, and the service is as well as before.
///     .error(|_: &Rejected| Some(Verdict::Ignored));
/// let breaker = CircuitBreakerLayer::new(classifier);
/// # let _ = tower_layer::Layer::<()>::layer(&breaker, ());
/// ```
///
/// [guide]: https://docs.rs/tower-circuit-breaker/latest/tower_circuit_breaker/docs/http/
#[derive(Clone, Default)]
pub struct HttpClassifier {
    exceptions: Arc<Exceptions>,
}

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

impl<B, E: 'static> Classify<Response<B>, E> for HttpClassifier {
    fn classify(&self, result: &Result<Response<B>, E>) -> Verdict {
        match result {
            Ok(res) => {
                let (status, headers) = (res.status(), res.headers());
                let exception = self.exceptions.of_status(status, headers);
                exception.unwrap_or_else(|| {
                    statuses::verdict(status, retry_after(headers, SystemTime::now))
                })
            }
            Err(error) => {
                let exception = self.exceptions.of_error(error);
                exception.unwrap_or(Verdict::Failure)
            }
        }
    }
}

impl fmt::Debug for HttpClassifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClassifier").finish_non_exhaustive()
    }
}
