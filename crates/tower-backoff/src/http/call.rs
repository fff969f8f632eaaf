use std::any::Any;
use std::time::SystemTime;
use std::{fmt, io, sync::Arc};

use http::Response;

use super::exceptions::Exceptions;
use super::{errors::find, retry_after::retry_after, statuses};
use crate::attempt_timeout::AttemptTimeout;
use crate::classify::{Classify, Verdict};

/// Judges the attempts of one call over HTTP; made by [`HttpClassifier`](crate::HttpClassifier).
pub struct HttpCall {
    exceptions: Arc<Exceptions>,
    /// Whether the request may be carried out twice.
    repeatable: bool,
}

impl HttpCall {
    pub(super) fn new(exceptions: Arc<Exceptions>, repeatable: bool) -> Self {
        Self {
            exceptions,
            repeatable,
        }
    }

    fn error(&self, error: &dyn Any) -> Verdict {
        if find::<AttemptTimeout>(error).is_some() {
            return match self.repeatable {
                true => Verdict::costly(),
                false => Verdict::Done,
            };
        }
        // A connection that was refused took no request along.
        let refused = || {
            let error = find::<io::Error>(error);
            error.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        };
        match self.repeatable || refused() {
            true => Verdict::transient(),
            false => Verdict::Done,
        }
    }
}

impl<B, E: 'static> Classify<Response<B>, E> for HttpCall {
    fn classify(&self, result: &Result<Response<B>, E>) -> Verdict {
        match result {
            Ok(res) => {
                let (status, headers) = (res.status(), res.headers());
                let exception = self.exceptions.of_status(status, headers);
                exception.unwrap_or_else(|| {
                    let hint = retry_after(headers, SystemTime::now);
                    statuses::verdict(status, hint, self.repeatable)
                })
            }
            Err(error) => {
                let exception = self.exceptions.of_error(error);
                exception.unwrap_or_else(|| self.error(error))
            }
        }
    }
}

impl fmt::Debug for HttpCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCall")
            .field("repeatable", &self.repeatable)
            .finish_non_exhaustive()
    }
}
