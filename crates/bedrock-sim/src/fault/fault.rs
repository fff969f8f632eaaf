use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{FaultKind, InvalidFault, Stage};
use crate::entry_knobs::{at_most_a_year, entry_knobs, millis};
use crate::operation::Operation;
use crate::wire::{ServiceError, StreamException};

/// Something that goes wrong: what happens, to which calls, and how often.
///
/// In JSON it is one flat object, the same in a script file, in `POST /_sim/script` and here:
/// `{"fault": "throttling", "times": 3, "retry_after_ms": 1500}`. In `--fault` it is written
/// `throttling,times=3,retry_after_ms=1500`. Every key but `fault` is optional.
///
/// Without a [`rate`](Fault::rate) a fault waits in a queue for the next call it matches, and is
/// used up by [`times`](Fault::times) such calls. With a rate it strikes matching calls at random,
/// from the simulator's seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    #[serde(rename = "fault")]
    pub(crate) kind: FaultKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<Operation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) times: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_s: Option<u64>,
    /// The event of a stream before which it happens, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exception: Option<StreamException>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delay_ms: Option<u64>,
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $kind:ident),+ $(,)?) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub const fn $name() -> Self {
                Self::new(FaultKind::$kind)
            }
        )+
    };
}

impl Fault {
    /// A fault of this kind for the next call, whatever its model and operation.
    #[must_use]
    pub const fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            model: None,
            operation: None,
            prompt: None,
            from_ms: None,
            to_ms: None,
            times: None,
            rate: None,
            message: None,
            retry_after_ms: None,
            retry_after_s: None,
            at: None,
            exception: None,
            delay_ms: None,
        }
    }

    constructors! {
        /// See [`FaultKind::Throttling`].
        throttling => Throttling,
        /// See [`FaultKind::Throttling400`].
        throttling_400 => Throttling400,
        /// See [`FaultKind::ThrottlingDaily`].
        throttling_daily => ThrottlingDaily,
        /// See [`FaultKind::ModelNotReady`].
        model_not_ready => ModelNotReady,
        /// See [`FaultKind::Bare429`].
        bare_429 => Bare429,
        /// See [`FaultKind::TooManyRequests`].
        too_many_requests => TooManyRequests,
        /// See [`FaultKind::Overloaded`].
        overloaded => Overloaded,
        /// See [`FaultKind::ServiceUnavailable`].
        service_unavailable => ServiceUnavailable,
        /// See [`FaultKind::InternalServer`].
        internal_server => InternalServer,
        /// See [`FaultKind::ModelTimeout`].
        model_timeout => ModelTimeout,
        /// See [`FaultKind::ModelError`].
        model_error => ModelError,
        /// See [`FaultKind::ModelStreamError`].
        model_stream_error => ModelStreamError,
        /// See [`FaultKind::ServiceQuotaExceeded`].
        service_quota_exceeded => ServiceQuotaExceeded,
        /// See [`FaultKind::Validation`].
        validation => Validation,
        /// See [`FaultKind::AccessDenied`].
        access_denied => AccessDenied,
        /// See [`FaultKind::ResourceNotFound`].
        resource_not_found => ResourceNotFound,
        /// See [`FaultKind::ConnectionReset`].
        connection_reset => ConnectionReset,
        /// See [`FaultKind::Hang`].
        hang => Hang,
        /// See [`FaultKind::StreamCut`].
        stream_cut => StreamCut,
        /// See [`FaultKind::StreamCutInFrame`].
        stream_cut_in_frame => StreamCutInFrame,
        /// See [`FaultKind::StreamCorrupt`].
        stream_corrupt => StreamCorrupt,
    }

    /// See [`FaultKind::SlowBody`]. The pause counts whole milliseconds.
    #[must_use]
    pub fn slow_body(pause: Duration) -> Self {
        Self::new(FaultKind::SlowBody).delay(pause)
    }

    /// See [`FaultKind::StreamException`].
    #[must_use]
    pub const fn stream_exception(exception: StreamException) -> Self {
        let mut fault = Self::new(FaultKind::StreamException);
        fault.exception = Some(exception);
        fault
    }

    entry_knobs!();

    /// The error's message, in place of the service's own.
    #[must_use]
    pub fn message(mut self, text: impl Into<String>) -> Self {
        self.message = Some(text.into());
        self
    }

    /// Sends the hint the SDKs read, `x-amz-retry-after`, in milliseconds. Default: none, as from
    /// Bedrock.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after_ms = Some(millis(wait));
        self
    }

    /// Sends the hint of plain HTTP, `retry-after`, in whole seconds rounded up. Default: none.
    #[must_use]
    pub fn http_retry_after(mut self, wait: Duration) -> Self {
        let started = u64::from(wait.subsec_nanos() > 0);
        self.retry_after_s = Some(wait.as_secs().saturating_add(started));
        self
    }

    /// The event of a stream at which it strikes, from 0 (`messageStart`, or the first chunk).
    ///
    /// A stream with fewer events is struck at its end. Kinds that are not about streams ignore
    /// it, but [`ConnectionReset`](FaultKind::ConnectionReset) and [`Hang`](FaultKind::Hang) turn
    /// into faults of a stream with it.
    #[must_use]
    pub fn at(mut self, event: u64) -> Self {
        self.at = Some(event);
        self
    }

    /// The pause of [`slow_body`](Fault::slow_body), default 100 ms; or how long the service takes to
    /// answer with an error, by default no longer than the kind says. In whole milliseconds.
    #[must_use]
    pub fn delay(mut self, pause: Duration) -> Self {
        self.delay_ms = Some(millis(pause));
        self
    }

    /// Checks what the types leave open in a fault that was deserialized.
    ///
    /// # Errors
    ///
    /// If the rate is not from 0 to 1, or an exception is given to another kind of fault.
    pub fn validate(&self) -> Result<(), InvalidFault> {
        if self.exception.is_some() && self.kind != FaultKind::StreamException {
            let why = "`exception` belongs to the fault `stream_exception`";
            return Err(InvalidFault(why.into()));
        }
        InvalidFault::check_rate(self.rate)
    }

    /// The pause of a slow body, a year at most.
    pub(crate) fn pause(&self) -> Duration {
        at_most_a_year(self.delay_ms.unwrap_or(100))
    }

    pub(crate) fn stage(&self) -> Stage {
        Stage::of(self.kind, self.at.is_some())
    }

    /// Whether calls of the operation can come to where it strikes.
    pub(super) fn can_strike(&self, operation: Operation) -> bool {
        match self.stage() {
            Stage::BeforeQuota => true,
            Stage::AtModel => operation.invokes_model(),
            // Converse has no such exception in its stream.
            Stage::InStream => {
                operation.streams()
                    && !(self.exception == Some(StreamException::ModelTimeout)
                        && operation == Operation::ConverseStream)
            }
        }
    }

    /// The error this fault answers with, if it is one that answers with an error.
    pub(crate) fn error(&self) -> Option<ServiceError> {
        let (status, code, message) = self.kind.error()?;
        let mut error = ServiceError::new(status, code, self.message.as_deref().unwrap_or(message));
        error.delay = at_most_a_year(self.delay_ms.unwrap_or(0));
        error.retry_after_ms = self.retry_after_ms;
        error.retry_after_s = self.retry_after_s;
        Some(error)
    }
}
