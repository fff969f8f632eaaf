use super::{
    ErrorKind, chain::chain, delivered::Delivered, echo::without_echo, sdk_source::SdkSource,
};
use http::StatusCode;
use std::{error::Error as StdError, sync::Arc, time::Duration};

/// Why a call failed: one flat type for every operation and every layer.
///
/// [`kind`](Self::kind) says what to do about it. `Display` tells in one line which call it was, what
/// went wrong and, after several attempts or a rejection, what the last attempt failed with.
/// [`source`](StdError::source) has the error of that attempt, or of the layer that answered;
/// [`sdk_error`](Self::sdk_error) has the SDK's.
///
/// Neither `Display` nor `Debug`, of this error or of a source that this crate made, shows a request,
/// an answer or a secret. Both leave out what [`message`](Self::message) quotes at length.
///
/// Cloning is cheap and shares the source.
#[derive(Clone)]
pub struct Error {
    // One pointer, since it is in every result; shared, since one error may go to many callers.
    pub(super) repr: Arc<Repr>,
}

#[derive(Clone)]
pub(super) struct Repr {
    pub(super) kind: ErrorKind,
    pub(super) operation: Option<&'static str>,
    pub(super) model_id: Option<Arc<str>>,
    pub(super) region: Option<Arc<str>>,
    pub(super) code: Option<Box<str>>,
    pub(super) message: Option<Box<str>>,
    /// The message as it is shown, where it repeats the request.
    pub(super) shown: Option<Box<str>>,
    pub(super) status: Option<u16>,
    pub(super) request_id: Option<Box<str>>,
    pub(super) retry_after: Option<Duration>,
    /// Whether that wait is an estimate of ours.
    pub(super) wait_suggested: bool,
    pub(super) attempts: Option<u32>,
    pub(super) delivered: Option<Delivered>,
    /// Whether a layer of ours answered, and nothing was sent.
    pub(super) refused: bool,
    /// Whether that is for good: the call is larger than its quota.
    pub(super) too_large: bool,
    pub(super) source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Repr {
    pub(super) fn new(kind: ErrorKind) -> Self {
        Self {
            kind,
            operation: None,
            model_id: None,
            region: None,
            code: None,
            message: None,
            shown: None,
            status: None,
            request_id: None,
            retry_after: None,
            wait_suggested: false,
            attempts: None,
            delivered: None,
            refused: false,
            too_large: false,
            source: None,
        }
    }
}

impl Error {
    /// An error of the given kind, as a mock service or a layer of one's own would answer with.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<Box<str>>) -> Self {
        let mut repr = Repr::new(kind);
        repr.message = Some(message.into());
        Self {
            repr: Arc::new(repr),
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
    pub fn with_attempts(mut self, attempts: u32) -> Self {
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

    /// The model, inference profile or ARN that was asked, as the request named it.
    #[must_use]
    pub fn model_id(&self) -> Option<&str> {
        self.repr.model_id.as_deref()
    }

    /// The AWS Region that was asked, such as `"us-east-1"`.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.repr.region.as_deref()
    }

    /// Bedrock's code, such as `"ThrottlingException"`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.repr.code.as_deref()
    }

    /// What Bedrock, the SDK or a layer said, in words.
    ///
    /// Bedrock's own message is here as it is, for it is what a person acts on, and a validation may
    /// quote the value that it refuses: **do not log it** where prompts must not be. `Display` leaves
    /// such quotes out.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.repr.message.as_deref()
    }

    /// The HTTP status, if there was an answer at all.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.repr.status
    }

    /// The HTTP status as the `http` crate has it, for a service that answers with one itself.
    #[must_use]
    pub fn http_status(&self) -> Option<StatusCode> {
        let status = StatusCode::from_u16(self.repr.status?);
        status.ok()
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

    /// How many attempts were made, the first included, if a retry layer was passed.
    ///
    /// One that a layer rejected in Bedrock's place was not made: 0 means that nothing was sent.
    #[must_use]
    pub fn attempts(&self) -> Option<u32> {
        self.repr.attempts
    }

    /// The SDK's error of the last attempt that reached the SDK, or a cause in its chain, by type: an
    /// `SdkError<ConverseError>`, a `CredentialsError`, an `io::Error`; of a stream's events an
    /// `SdkError<ConverseStreamOutputError, RawMessage>`.
    ///
    /// The first of them holds the HTTP response, whose body its `Debug` shows, and some texts of the
    /// SDK's hold the request: do not log it where prompts and answers must not be.
    #[must_use]
    pub fn sdk_error<T: StdError + 'static>(&self) -> Option<&T> {
        let sdk = SdkSource::of(self)?.get();
        chain(sdk).find_map(|cause| cause.downcast_ref())
    }

    /// Whether the SDK said it, of an answer or of what it could not send.
    pub(crate) fn is_of_sdk(&self) -> bool {
        SdkSource::of(self).is_some()
    }

    /// Leaves out what the error repeats of the `body` that was sent: of Bedrock's message where it is
    /// shown, of a text of the SDK's or of the user's own wherever it is.
    pub(crate) fn hide_echo(&mut self, body: &[u8]) {
        // These come in bulk, and their texts are Bedrock's own.
        let is_of_load = [ErrorKind::Throttled, ErrorKind::Capacity].contains(&self.kind());
        let message = self.message().filter(|_| !is_of_load);
        let shown = message.and_then(|message| without_echo(message, body));
        if let Some(shown) = shown {
            let repr = self.repr_mut();
            if repr.status.is_some() {
                repr.shown = Some(shown.into());
            } else {
                repr.message = Some(shown.into());
            }
        }
    }

    pub(super) fn shown(&self) -> Option<&str> {
        self.repr.shown.as_deref().or_else(|| self.message())
    }

    pub(crate) fn set_attempts(&mut self, attempts: u32) {
        self.repr_mut().attempts = Some(attempts);
    }

    /// Sets what is not known yet of the call that failed.
    pub(crate) fn set_call(
        &mut self,
        operation: &'static str,
        model_id: Option<&Arc<str>>,
        region: Option<&Arc<str>>,
    ) {
        let repr = self.repr_mut();
        repr.operation.get_or_insert(operation);
        if repr.model_id.is_none() {
            repr.model_id = model_id.cloned();
        }
        if repr.region.is_none() {
            repr.region = region.filter(|region| !region.is_empty()).cloned();
        }
    }

    /// Says by which name it was called where it was.
    pub(crate) fn set_region(&mut self, region: Arc<str>) {
        self.repr_mut().region = Some(region);
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

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.repr.source.as_deref()?;
        Some(source)
    }
}
