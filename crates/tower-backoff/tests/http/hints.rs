//! `Retry-After`, in seconds and as a date.

use std::time::{Duration, SystemTime};

use crate::support::{SECOND, response, verdict};
use proptest::prelude::*;
use tower_backoff::Verdict;

/// The hint of a 429 with these fields.
fn hint(fields: &[(&'static str, &[u8])]) -> Option<Duration> {
    match verdict("POST", response(429, fields)) {
        Verdict::Throttled { retry_after } => retry_after,
        other => panic!("{other:?}"),
    }
}

fn of(value: &[u8]) -> Option<Duration> {
    hint(&[("retry-after", value)])
}

#[test]
fn seconds_are_seconds() {
    assert_eq!(of(b"0"), Some(Duration::ZERO));
    assert_eq!(of(b"120"), Some(120 * SECOND));
    assert_eq!(of(b" 007 "), Some(7 * SECOND));
    assert_eq!(hint(&[]), None);
}

#[test]
fn number_beyond_all_bounds_is_the_longest_time() {
    let longest = Some(Duration::from_secs(u64::MAX));
    assert_eq!(of(b"18446744073709551615"), longest);
    assert_eq!(of(&[b'9'; 4000]), longest);
}

#[test]
fn what_cannot_be_read_is_no_hint() {
    let unread: [&[u8]; 9] = [
        b"",
        b" ",
        b"-1",
        b"+1",
        b"1.5",
        b"soon",
        b"1s",
        b"\xff\xfe",
        b"Sat, 31 Feb 2026 99:00:00 GMT",
    ];
    for value in unread {
        assert_eq!(of(value), None, "{value:?}");
    }
}

#[test]
fn date_counts_from_the_date_of_the_response() {
    let date: &[u8] = b"Sun, 06 Nov 1994 08:49:37 GMT";
    let later: [&[u8]; 3] = [
        b"Sun, 06 Nov 1994 08:50:37 GMT",
        b"Sunday, 06-Nov-94 08:50:37 GMT",
        b"Sun Nov  6 08:50:37 1994",
    ];
    for until in later {
        let fields = [("date", date), ("retry-after", until)];
        assert_eq!(hint(&fields), Some(60 * SECOND));
    }
}

#[test]
fn date_that_is_over_is_no_wait() {
    let fields: [(&str, &[u8]); 2] = [
        ("date", b"Sun, 06 Nov 1994 08:49:37 GMT"),
        ("retry-after", b"Sun, 06 Nov 1994 08:49:36 GMT"),
    ];
    assert_eq!(hint(&fields), Some(Duration::ZERO));
    assert_eq!(of(b"Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
}

#[test]
fn date_counts_from_now_where_the_response_has_none_that_can_be_read() {
    let until = httpdate::fmt_http_date(SystemTime::now() + 3600 * SECOND);
    for date in [None, Some(("date", b"yesterday".as_slice()))] {
        let mut fields = vec![("retry-after", until.as_bytes())];
        fields.extend(date);
        let hint = hint(&fields).unwrap();
        assert!(hint > 3000 * SECOND && hint <= 3600 * SECOND, "{hint:?}");
    }
}

#[test]
fn of_several_lines_the_longest_counts() {
    let fields: [(&str, &[u8]); 3] = [
        ("retry-after", b"3"),
        ("retry-after", b"9"),
        ("retry-after", b"soon"),
    ];
    assert_eq!(hint(&fields), Some(9 * SECOND));
}

#[test]
fn transient_failure_brings_its_hint_too() {
    let res = response(502, &[("retry-after", b"5")]);
    assert_eq!(
        verdict("GET", res),
        Verdict::transient().retry_after(5 * SECOND)
    );
}

proptest! {
    #[test]
    fn no_bytes_are_too_odd(value in prop::collection::vec(0x20..=0xff_u8, 0..64)) {
        let value: Vec<u8> = value.into_iter().filter(|byte| *byte != 0x7f).collect();
        let digits = String::from_utf8(value.clone()).ok().map(|text| text.trim().to_owned());
        let digits = digits.and_then(|text| text.parse::<u64>().ok().filter(|_| !text.starts_with('+')));
        if let Some(seconds) = digits {
            prop_assert_eq!(of(&value), Some(Duration::from_secs(seconds)));
        } else {
            of(&value);
        }
    }
}
