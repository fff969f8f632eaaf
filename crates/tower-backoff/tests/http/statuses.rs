//! The table of the guide, status by status.

use crate::support::{METHODS, judged, request, response, verdict};
use tower::BoxError;
use tower_backoff::{HttpClassifier, Verdict};

#[test]
fn throttled_requests_are_sent_again_whatever_their_method() {
    for (method, _) in METHODS {
        let verdict = verdict(method, response(429, &[]));
        assert_eq!(verdict, Verdict::throttled(), "{method}");
    }
}

#[test]
fn unavailable_service_that_says_when_to_come_again_is_a_throttle() {
    for (method, repeatable) in METHODS {
        let asks = response(503, &[("retry-after", b"1")]);
        let expected = Verdict::throttled().retry_after(crate::support::SECOND);
        assert_eq!(verdict(method, asks), expected, "{method}");
        let silent = verdict(method, response(503, &[]));
        let expected = match repeatable {
            true => Verdict::transient(),
            false => Verdict::Done,
        };
        assert_eq!(silent, expected, "{method}");
    }
}

#[test]
fn other_failures_are_made_again_where_that_does_no_harm() {
    for (method, repeatable) in METHODS {
        for status in [408, 500, 502, 504, 509, 520, 599, 600, 999] {
            let expected = match repeatable {
                true => Verdict::transient(),
                false => Verdict::Done,
            };
            assert_eq!(
                verdict(method, response(status, &[])),
                expected,
                "{method} {status}"
            );
        }
    }
}

#[test]
fn answers_that_will_not_change_are_final() {
    let finals = [501, 505, 506, 507, 508, 510, 511].into_iter();
    for status in (100..500).chain(finals).filter(|s| ![408, 429].contains(s)) {
        let verdict = verdict("GET", response(status, &[("retry-after", b"1")]));
        assert_eq!(verdict, Verdict::Done, "{status}");
    }
}

#[test]
fn request_with_an_idempotency_key_may_be_sent_again() {
    for (method, _) in METHODS {
        let mut req = request(method);
        let key = "8e03978e".parse().unwrap();
        req.headers_mut().insert("idempotency-key", key);
        let failed = Ok::<_, BoxError>(response(500, &[]));
        let verdict = judged(&HttpClassifier::new(), &req, &failed);
        assert_eq!(verdict, Verdict::transient(), "{method}");
    }
}
