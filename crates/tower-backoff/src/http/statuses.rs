use std::time::Duration;

use http::StatusCode;

use crate::classify::Verdict;

/// What a status says, with the hint that came with it, of a request that may or may not be
/// `repeatable`: sent again although the first one may have been carried out.
pub(super) fn verdict(status: StatusCode, hint: Option<Duration>, repeatable: bool) -> Verdict {
    let verdict = match status.as_u16() {
        429 => Verdict::throttled(),
        503 if hint.is_some() => Verdict::throttled(),
        501 | 505..=508 | 510 | 511 => Verdict::Done,
        // Whatever is no status at all counts as 5xx, and an unknown 5xx as 500: RFC 9110, section 15.
        408 | 500.. if repeatable => Verdict::transient(),
        _ => Verdict::Done,
    };
    match hint {
        Some(hint) => verdict.retry_after(hint),
        None => verdict,
    }
}
