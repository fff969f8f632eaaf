use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use crate::error::Open;

/// The answer of an open circuit: 503 with `Retry-After`, and a problem by RFC 9457.
///
/// It tells when to come again, and neither the key nor why the circuit opened: callers may be anybody.
pub(super) fn rejection<B: From<String>>(open: &Open) -> Response<B> {
    // Rounded up, and a second at least: whoever follows it is never early.
    let nanos = open.retry_after().as_nanos();
    let seconds = u64::try_from(nanos.div_ceil(1_000_000_000)).unwrap_or(u64::MAX);
    let seconds = seconds.max(1);
    let body = format!(
        "{{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\
         \"detail\":\"The service is unwell; try again in {seconds} s.\"}}"
    );
    let mut res = Response::new(B::from(body));
    *res.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = res.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    res
}
