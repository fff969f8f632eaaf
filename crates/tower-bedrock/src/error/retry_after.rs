//! How long an answer asks the caller to wait, if it says so.

use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::date_time::{DateTime, Format};
use std::time::Duration;

/// The wait that an answer's headers ask for.
///
/// `x-amz-retry-after` is milliseconds; `retry-after` is seconds, or a date that is read against
/// the answer's own `date`, so that no clock of ours is asked. What cannot be read is no hint.
pub(super) fn retry_after(headers: &Headers) -> Option<Duration> {
    if let Some(millis) = headers.get("x-amz-retry-after").and_then(whole_number) {
        return Some(Duration::from_millis(millis));
    }
    let value = headers.get("retry-after")?;
    if let Some(seconds) = whole_number(value) {
        return Some(Duration::from_secs(seconds));
    }
    // Two dates of one server can be compared; its date and our clock cannot.
    let then = date(value)?;
    let now = date(headers.get("date")?)?;
    u64::try_from(then.secs() - now.secs())
        .ok()
        .map(Duration::from_secs)
}

fn whole_number(value: &str) -> Option<u64> {
    let value = value.trim();
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    // A number that is too large is no less a wait than one that fits.
    is_number.then(|| value.parse().unwrap_or(u64::MAX))
}

fn date(value: &str) -> Option<DateTime> {
    DateTime::from_str(value, Format::HttpDate).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
        let mut headers = Headers::new();
        for (name, value) in pairs {
            headers.insert(*name, *value);
        }
        retry_after(&headers)
    }

    #[test]
    fn milliseconds_come_before_seconds() {
        let both = hint(&[("retry-after", "7"), ("x-amz-retry-after", "1500")]);
        assert_eq!(both, Some(Duration::from_millis(1500)));
        assert_eq!(
            hint(&[("retry-after", " 7 ")]),
            Some(Duration::from_secs(7))
        );
    }

    #[test]
    fn a_date_is_read_against_the_answers_own() {
        let later = ("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT");
        let sent = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(hint(&[later, sent]), Some(Duration::from_secs(30)));
        assert_eq!(hint(&[later]), None);
    }

    #[test]
    fn what_cannot_be_read_is_no_hint() {
        assert_eq!(hint(&[]), None);
        assert_eq!(
            hint(&[("retry-after", "soon"), ("x-amz-retry-after", "-3")]),
            None
        );
    }
}
