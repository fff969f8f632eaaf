use std::time::Duration;

use http::StatusCode;

use crate::classify::Verdict;

/// What a status says about the service, with the hint that came with it.
pub(super) fn verdict(status: StatusCode, hint: Option<Duration>) -> Verdict {
    let throttled = || match hint {
        Some(hint) => Verdict::throttled().retry_after(hint),
        None => Verdict::throttled(),
    };
    match status.as_u16() {
        429 => throttled(),
        503 if hint.is_some() => throttled(),
        // What the resource is, and not what is wrong with the request.
        ..=399 | 404 | 409 | 410 | 412 => Verdict::Success,
        // The request is at fault, or nothing is but what the service can do at all.
        400..=499 | 501 | 505..=508 | 510 | 511 => Verdict::Ignored,
        // Whatever is no status at all counts as 5xx: RFC 9110, section 15.
        500.. => Verdict::Failure,
    }
}
