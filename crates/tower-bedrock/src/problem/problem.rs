use http::StatusCode;
use serde::{Serialize, Serializer};
use std::time::Duration;

/// What an HTTP server tells its caller of an [`Error`](crate::Error), as [RFC 9457] has it: made by
/// [`Error::problem`](crate::Error::problem).
///
/// All its texts are fixed ones: nothing in it is of Bedrock, of the SDK, of the account or of the prompt.
/// The [guide to errors](crate::docs::errors) has the table of them.
///
/// As an `http::Response` it has the status, `Retry-After` where a wait is known, and a body of
/// `application/problem+json`. Its [`Serialize`] is that body, for an event of a stream, say.
///
/// ```
/// use std::time::Duration;
/// use tower_bedrock::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::CircuitOpen, "").with_retry_after(Duration::from_millis(1500));
/// let response: http::Response<String> = error.problem().into();
/// assert_eq!(response.status(), 503);
/// assert_eq!(response.headers()["retry-after"], "2");
/// ```
///
/// [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    pub(super) type_uri: String,
    pub(super) title: &'static str,
    #[serde(serialize_with = "number")]
    pub(super) status: StatusCode,
    pub(super) detail: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_after: Option<u64>,
}

fn number<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

/// As long as a cache's delta-seconds go ([RFC 9111]), and what every client can read.
///
/// [RFC 9111]: https://www.rfc-editor.org/rfc/rfc9111#section-1.2.2
const LONGEST: u64 = i32::MAX as u64;

impl Problem {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Which problem it is, as a URI that stays the same.
    #[must_use]
    pub fn type_uri(&self) -> &str {
        &self.type_uri
    }

    /// The problem in a few words, the same ones for each type.
    #[must_use]
    pub fn title(&self) -> &str {
        self.title
    }

    /// What to do about it.
    #[must_use]
    pub fn detail(&self) -> &str {
        self.detail
    }

    /// After how many whole seconds it is worth another try, 1 at least; `None` if nobody knows, or
    /// waiting does not help.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    /// A caller that follows it is never early.
    pub(super) fn whole_seconds(wait: Duration) -> u64 {
        let begun = u64::from(wait.subsec_nanos() > 0);
        wait.as_secs().saturating_add(begun).clamp(1, LONGEST)
    }
}
