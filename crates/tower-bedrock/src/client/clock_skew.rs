//! Is a call refused because the client's clock is off? The SDK learns from each answer how far off it
//! is, and signs the next request by the server's clock. With its retries off it does not make that
//! request, so the leaf does.

use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::{DateTime, date_time::Format};
use std::time::{Duration, SystemTime};

/// The SDK's codes for a signature that may be of another time (aws-runtime 1.10,
/// `service_clock_skew.rs`).
const CODES: [&str; 5] = [
    "AccessDeniedException",
    "AuthFailure",
    "InvalidSignatureException",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

/// The SDK's bound: up to this the signature is wrong for another reason.
const NEAR: Duration = Duration::from_secs(4 * 60);

/// The SDK's bound: of an answer that took longer it is not known when it was written.
const LONGEST_CALL: Duration = Duration::from_secs(15 * 60);

pub(super) fn may_be_skew(code: Option<&str>) -> bool {
    code.is_some_and(|code| CODES.contains(&code))
}

/// When a request was sent, by the client's clock and by its signature.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    at: SystemTime,
    /// As the header spells it: what is answered well is not asked when it was signed.
    signed: Option<[u8; DATE.len()]>,
}

/// What a signature's date looks like.
const DATE: &str = "20261128T093000Z";

impl Sent {
    pub(super) fn new(at: SystemTime, headers: &Headers) -> Self {
        let signed = headers.get("x-amz-date");
        let signed = signed.and_then(|date| date.as_bytes().try_into().ok());
        Self { at, signed }
    }

    /// Whether the answer's date shows that the clock is off, and that the signature was too: one that
    /// was right in spite of the clock would be refused again.
    pub(super) fn was_skewed(&self, received: SystemTime, answer: &Headers) -> bool {
        let elapsed = received.duration_since(self.at).unwrap_or_default();
        if answer.get("age").is_some() || elapsed > LONGEST_CALL {
            return false;
        }
        let date = answer.get("date").and_then(|date| {
            let date = DateTime::from_str(date, Format::HttpDate).ok()?;
            SystemTime::try_from(date).ok()
        });
        let is_off = |date, time| distance(date, time) > NEAR;
        let signed = self.signed.and_then(date_of_signature);
        date.is_some_and(|date| {
            is_off(date, self.at + elapsed / 2) && signed.is_none_or(|signed| is_off(date, signed))
        })
    }
}

fn distance(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other)
        .unwrap_or_else(|error| error.duration())
}

fn date_of_signature(text: [u8; DATE.len()]) -> Option<SystemTime> {
    let text = str::from_utf8(&text).ok()?;
    let part = |from, to| text.get(from..to);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, rest) = (part(9, 11)?, part(11, 13)?, part(13, 16)?);
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{rest}");
    let date = DateTime::from_str(&text, Format::DateTime).ok()?;
    SystemTime::try_from(date).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// 2026-11-28 09:30:00.
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_858_200)
    }

    fn headers(all: &[(&'static str, &'static str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in all {
            headers.insert(*name, *value);
        }
        headers
    }

    #[test]
    fn a_clock_is_off_by_more_than_four_minutes_either_way() {
        let signed = headers(&[("x-amz-date", "20261128T093000Z")]);
        for (date, skewed) in [
            ("Sat, 28 Nov 2026 09:30:00 GMT", false),
            ("Sat, 28 Nov 2026 09:34:00 GMT", false),
            ("Sat, 28 Nov 2026 09:34:01 GMT", true),
            ("Sat, 28 Nov 2026 09:26:00 GMT", false),
            ("Sat, 28 Nov 2026 09:25:59 GMT", true),
            ("yesterday", false),
        ] {
            let answer = headers(&[("date", date)]);
            let sent = Sent::new(now(), &signed);
            assert_eq!(sent.was_skewed(now(), &answer), skewed, "{date}");
        }
    }

    #[test]
    fn a_signature_that_was_right_all_the_same_is_no_skew() {
        let answer = headers(&[("date", "Sat, 28 Nov 2026 09:40:00 GMT")]);
        let skewed = |signed| Sent::new(now(), &signed).was_skewed(now(), &answer);
        assert!(skewed(headers(&[("x-amz-date", "20261128T093000Z")])));
        assert!(
            skewed(headers(&[])),
            "no signature at all, as of a bearer token"
        );
        assert!(!skewed(headers(&[("x-amz-date", "20261128T093900Z")])));
    }

    #[test]
    fn dates_of_old_or_late_answers_say_nothing() {
        let date = ("date", "Sat, 28 Nov 2026 09:40:00 GMT");
        let sent = Sent::new(now(), &headers(&[]));
        assert!(sent.was_skewed(now(), &headers(&[date])));
        assert!(!sent.was_skewed(now(), &headers(&[date, ("age", "600")])));
        assert!(!sent.was_skewed(now() + 16 * MINUTE, &headers(&[date])));
        // Sent 09:30, received 09:42: the server wrote it at about 09:36.
        assert!(!sent.was_skewed(now() + 12 * MINUTE, &headers(&[date])));
    }
}
