use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// How long `Retry-After` asks to wait (RFC 9110, section 10.2.3): of several lines the longest, and
/// `None` if none can be read.
///
/// A date counts from the response's `Date`, so that the two clocks need not agree, and from `now`
/// where there is none. One that is over is no wait at all.
pub(super) fn retry_after(
    headers: &HeaderMap,
    now: impl Fn() -> SystemTime + Copy,
) -> Option<Duration> {
    let lines = headers.get_all(header::RETRY_AFTER).iter();
    let waits = lines.filter_map(|line| wait(line, headers, now));
    waits.max()
}

fn wait(line: &HeaderValue, headers: &HeaderMap, now: impl Fn() -> SystemTime) -> Option<Duration> {
    let text = line.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that is too large is a wait without end, for the layer to bound.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let from = date(headers, &header::DATE).unwrap_or_else(now);
    Some(until.duration_since(from).unwrap_or_default())
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let text = headers.get(name)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok()
}
