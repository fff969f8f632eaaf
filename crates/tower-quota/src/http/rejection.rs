use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use super::fields::Fields;
use crate::error::{Cause, Rejected};

/// The answer to a caller without quota: 429 with `Retry-After`, and a problem by RFC 9457 of the type that
/// draft-ietf-httpapi-ratelimit-headers-11 defines for it.
///
/// It tells when to come again and by which limit, and no key. Of a quota that is closed, which is no fault
/// of the caller's, it is a 503.
pub(super) fn rejection<B: From<String>>(rejected: &Rejected, fields: &Fields) -> Response<B> {
    // Rounded up, and a second at least: whoever follows it is never early.
    let seconds = rejected.retry_after().map(|wait| {
        let seconds = wait.as_nanos().div_ceil(1_000_000_000);
        u64::try_from(seconds).unwrap_or(u64::MAX).max(1)
    });
    let detail = match seconds {
        Some(seconds) => format!("Too many requests; try again in {seconds} s."),
        None => "The request exceeds the quota; to wait does not help.".to_owned(),
    };
    let violated: Vec<_> = fields
        .violated()
        .map(|name| format!("\"{name}\""))
        .collect();
    let violated = match violated.is_empty() {
        true => String::new(),
        false => format!(",\"violated-policies\":[{}]", violated.join(",")),
    };
    let is_closed = match rejected.cause() {
        Cause::Closed => true,
        Cause::TooLarge { .. }
        | Cause::SeemsTooLarge { .. }
        | Cause::Exhausted
        | Cause::QueueFull
        | Cause::MaxWait
        | Cause::Deadline => false,
    };
    let (status, body) = match is_closed {
        true => (StatusCode::SERVICE_UNAVAILABLE, CLOSED.to_owned()),
        false => (StatusCode::TOO_MANY_REQUESTS, exceeded(&detail, &violated)),
    };
    let mut res = Response::new(B::from(body));
    *res.status_mut() = status;
    let headers = res.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if let Some(seconds) = seconds {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    fields.insert_into(headers);
    res
}

const CLOSED: &str = "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\
                      \"detail\":\"The server is about to end; try again.\"}";

fn exceeded(detail: &str, violated: &str) -> String {
    format!(
        "{{\"type\":\"https://iana.org/assignments/http-problem-types#quota-exceeded\",\
         \"title\":\"Quota Exceeded\",\"status\":429,\"detail\":\"{detail}\"{violated}}}"
    )
}
