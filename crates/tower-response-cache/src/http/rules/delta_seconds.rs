use std::time::Duration;

/// The largest number of seconds that is told from a larger one: RFC 9111, section 1.2.2.
const MOST: u64 = 1 << 31;

/// A time as HTTP writes it, in whole seconds; `None` if it is no number.
pub(super) fn delta_seconds(digits: &[u8]) -> Option<Duration> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds = digits.iter().fold(0_u64, |seconds, digit| {
        (seconds * 10 + u64::from(digit - b'0')).min(MOST)
    });
    Some(Duration::from_secs(seconds))
}
