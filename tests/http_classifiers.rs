//! The two classifiers of HTTP read the same answers by the same rules.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::io;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use tower_backoff::{Classify as _, MakeClassifier, Verdict as Again};
use tower_circuit_breaker::{Classify, Verdict as Health};

/// The methods of RFC 9110 and PATCH, and whether each may be carried out twice.
const METHODS: [(Method, bool); 9] = [
    (Method::GET, true),
    (Method::HEAD, true),
    (Method::OPTIONS, true),
    (Method::TRACE, true),
    (Method::PUT, true),
    (Method::DELETE, true),
    (Method::POST, false),
    (Method::PATCH, false),
    (Method::CONNECT, false),
];

type Fields = &'static [(&'static str, &'static str)];

/// With the fields that bring a hint, and those that bring none.
const HINTS: [(Fields, Option<u64>); 7] = [
    (&[], None),
    (&[("retry-after", "soon")], None),
    (&[("retry-after", "0")], Some(0)),
    (&[("retry-after", "7")], Some(7)),
    (&[("retry-after", "7"), ("retry-after", "9")], Some(9)),
    (&[("retry-after", "99999999999999999999")], Some(u64::MAX)),
    (
        &[
            ("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ],
        Some(10),
    ),
];

fn response(status: u16, fields: &[(&'static str, &str)]) -> Response<()> {
    let mut res = Response::new(());
    *res.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in fields {
        res.headers_mut().append(*name, value.parse().unwrap());
    }
    res
}

fn again<E: 'static>(method: &Method, result: &Result<Response<()>, E>) -> Again {
    let req = Request::builder().method(method).body(()).unwrap();
    let classifier = tower_backoff::HttpClassifier::new();
    let call = MakeClassifier::<_, Response<()>, E, _>::make_classifier(&classifier, &req);
    call.classify(result)
}

fn health<E: 'static>(result: &Result<Response<()>, E>) -> Health {
    tower_circuit_breaker::HttpClassifier::new().classify(result)
}

#[test]
fn what_is_sent_again_is_what_counts_as_failed_with_the_same_hint() {
    for status in 100..=999 {
        for (fields, hint) in HINTS {
            let result = Ok::<_, io::Error>(response(status, fields));
            let health = health(&result);
            let hint = hint.map(Duration::from_secs);
            for (method, repeatable) in METHODS {
                let about = format!("{method} {status} {fields:?}");
                match again(&method, &result) {
                    Again::Throttled { retry_after } => {
                        assert_eq!(health, Health::Throttled { retry_after }, "{about}");
                        assert_eq!(retry_after, hint, "{about}");
                    }
                    // The caller was too slow, and nothing is wrong with the service.
                    Again::Transient { .. } if status == 408 => {
                        assert!(repeatable, "{about}");
                        assert_eq!(health, Health::Ignored, "{about}");
                    }
                    Again::Transient { retry_after } => {
                        assert!(repeatable, "{about}");
                        assert_eq!(health, Health::Failure, "{about}");
                        assert_eq!(retry_after, hint, "{about}");
                    }
                    Again::Done if repeatable => {
                        let well = matches!(health, Health::Success | Health::Ignored);
                        assert!(well, "{about}: {health:?}");
                    }
                    // The service is unwell, but the request may have been carried out.
                    Again::Done => assert!(!matches!(health, Health::Throttled { .. }), "{about}"),
                    other => panic!("{about}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn errors_are_failures_for_both() {
    let failed = |kind| Err::<Response<()>, _>(io::Error::from(kind));
    let reset = failed(io::ErrorKind::ConnectionReset);
    assert_eq!(health(&reset), Health::Failure);
    for (method, repeatable) in METHODS {
        let expected = match repeatable {
            true => Again::transient(),
            false => Again::Done,
        };
        assert_eq!(again(&method, &reset), expected, "{method}");
    }
}
