use super::{ErrorKind, delivered::Delivered};
use std::{error::Error as StdError, fmt, num::NonZeroU32, sync::Arc, time::Duration};

/// Why a call failed: one flat type for every operation and every layer.
///
/// [`kind`](Self::kind) says what to do about it. What the SDK said is kept whole:
/// [`source`](StdError::source) downcasts to the operation's `SdkError<…, HttpResponse>`.
///
/// Cloning is cheap and shares the source. `Debug` shows neither the source nor any body.
#[derive(Clone)]
pub struct Error {
    // One pointer, since it is in every result; shared, since one error may go to many callers.
    pub(super) repr: Arc<Repr>,
}

#[derive(Clone)]
pub(super) struct Repr {
    pub(super) kind: ErrorKind,
    pub(super) operation: Option<&'static str>,
    pub(super) code: Option<Box<str>>,
    pub(super) message: Option<Box<str>>,
    pub(super) status: Option<u16>,
    pub(super) request_id: Option<Box<str>>,
    pub(super) retry_after: Option<Duration>,
    /// Whether that wait is an estimate of ours.
    pub(super) wait_suggested: bool,
    pub(super) attempts: Option<NonZeroU32>,
    pub(super) delivered: Option<Delivered>,
    pub(super) source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Repr {
    pub(super) fn new(kind: ErrorKind) -> Self {
        Self {
            kind,
            operation: None,
            code: None,
            message: None,
            status: None,
            request_id: None,
            retry_after: None,
            wait_suggested: false,
            attempts: None,
            delivered: None,
            source: None,
        }
    }
}

impl Error {
    /// An error of the given kind, as a mock service or a layer of one's own would answer with.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<Box<str>>) -> Self {
        Self {
            repr: Arc::new(Repr {
                message: Some(message.into()),
                ..Repr::new(kind)
            }),
        }
    }

    /// Sets the wait that [`retry_after`](Self::retry_after) answers.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        let repr = self.repr_mut();
        repr.retry_after = Some(wait);
        repr.wait_suggested = false;
        self
    }

    /// Sets the code that [`code`](Self::code) answers.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Box<str>>) -> Self {
        self.repr_mut().code = Some(code.into());
        self
    }

    /// Sets the HTTP status that [`status`](Self::status) answers.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.repr_mut().status = Some(status);
        self
    }

    /// Sets the id that [`request_id`](Self::request_id) answers.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<Box<str>>) -> Self {
        self.repr_mut().request_id = Some(request_id.into());
        self
    }

    /// Sets the number that [`attempts`](Self::attempts) answers.
    #[must_use]
    pub fn with_attempts(mut self, attempts: NonZeroU32) -> Self {
        self.repr_mut().attempts = Some(attempts);
        self
    }

    /// Sets the error that [`source`](StdError::source) answers.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.repr_mut().source = Some(Arc::new(source));
        self
    }

    /// What went wrong, as far as it decides what to do next.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.repr.kind
    }

    /// The operation that failed, such as `"Converse"`.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.repr.operation
    }

    /// Bedrock's code, such as `"ThrottlingException"`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.repr.code.as_deref()
    }

    /// What Bedrock, the SDK or a layer said, in words. Bedrock may quote the request in it.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.repr.message.as_deref()
    }

    /// The HTTP status, if there was an answer at all.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.repr.status
    }

    /// Bedrock's id of the request, which AWS support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.repr.request_id.as_deref()
    }

    /// How long to wait before a new call can succeed, if anyone knows.
    ///
    /// Bedrock seldom says; an open circuit and a full quota do.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.repr.retry_after
    }

    /// How many attempts were made, the first included, if a retry layer was passed. One that an
    /// open circuit or a quota layer rejected counts, though once, however long it waited.
    #[must_use]
    pub fn attempts(&self) -> Option<u32> {
        self.repr.attempts.map(NonZeroU32::get)
    }

    pub(crate) fn set_attempts(&mut self, attempts: u32) {
        self.repr_mut().attempts = NonZeroU32::new(attempts);
    }

    pub(crate) fn set_operation(&mut self, operation: &'static str) {
        self.repr_mut().operation = Some(operation);
    }

    /// Sets the wait unless there is one: the server knows better than a ledger of ours.
    pub(crate) fn suggest_retry_after(&mut self, wait: Duration) {
        if self.retry_after().is_none() {
            let repr = self.repr_mut();
            repr.retry_after = Some(wait);
            repr.wait_suggested = true;
        }
    }

    /// Whether a ledger of ours named the wait, and not the server or a circuit.
    pub(crate) fn is_wait_suggested(&self) -> bool {
        self.repr.wait_suggested
    }

    pub(super) fn repr_mut(&mut self) -> &mut Repr {
        Arc::make_mut(&mut self.repr)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Repr {
            operation,
            code,
            message,
            status,
            request_id,
            ..
        } = &*self.repr;
        if let Some(operation) = operation {
            write!(f, "{operation} failed: ")?;
        }
        match (code, message) {
            (Some(code), Some(message)) => write!(f, "{code}: {message}")?,
            (Some(text), None) | (None, Some(text)) => f.write_str(text)?,
            (None, None) => f.write_str(self.kind().as_str())?,
        }
        // Apart from the text, which may be whole sentences.
        let mut between = " (";
        if let Some(status) = status {
            write!(f, "{between}status {status}")?;
            between = ", ";
            if let Some(request_id) = request_id {
                write!(f, "{between}request id {request_id}")?;
            }
        }
        if let Some(events) = self.events_delivered() {
            write!(f, "{between}after {events} events")?;
            between = ", ";
        }
        if let Some(attempts) = self.attempts().filter(|attempts| *attempts > 1) {
            write!(f, "{between}after {attempts} attempts")?;
            between = ", ";
        }
        f.write_str(if between == ", " { ")" } else { "" })
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("operation", &self.operation())
            .field("code", &self.code())
            .field("message", &self.message())
            .field("status", &self.status())
            .field("request_id", &self.request_id())
            .field("retry_after", &self.retry_after())
            .field("attempts", &self.attempts())
            .field("events_delivered", &self.events_delivered())
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.repr.source.as_deref()?;
        Some(source)
    }
}
