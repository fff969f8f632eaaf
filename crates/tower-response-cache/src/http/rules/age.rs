use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::delta_seconds::delta_seconds;

/// How old a response is when it arrives at `now`, `delay` after its request was sent: the corrected
/// initial age of RFC 9111, section 4.2.3.
pub(super) fn initial_age(headers: &HeaderMap, delay: Duration, now: SystemTime) -> Duration {
    // An age that is no number is ignored, and of a list only the first counts: section 5.1.
    let age = headers.get(header::AGE).map(HeaderValue::as_bytes);
    let age = age.and_then(|age| age.split(|byte| *byte == b',').next());
    let age = age.and_then(|age| delta_seconds(age.trim_ascii()));
    let told = age.unwrap_or_default().saturating_add(delay);
    let apparent = date(headers, &header::DATE).and_then(|date| now.duration_since(date).ok());
    told.max(apparent.unwrap_or_default())
}

/// The time that `Expires` leaves from the `Date` of the response on; zero if it is over or cannot be
/// read, `None` without the field.
pub(super) fn expires_in(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    headers.get(header::EXPIRES)?;
    let expires = date(headers, &header::EXPIRES);
    let from = date(headers, &header::DATE).unwrap_or(now);
    Some(
        expires
            .and_then(|expires| expires.duration_since(from).ok())
            .unwrap_or_default(),
    )
}

/// The date in the field `name`, if that is there once and can be read.
pub(super) fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?.to_str().ok()?;
    if lines.next().is_some() {
        return None;
    }
    httpdate::parse_http_date(line).ok()
}
