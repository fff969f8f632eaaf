//! The table of the guide, status by status.

use std::io;
use std::time::Duration;

use http::{Response, StatusCode};
use tower::BoxError;
use tower_circuit_breaker::{Classify, HttpClassifier, Verdict};

fn response(status: u16, retry_after: Option<&str>) -> Response<()> {
    let mut res = Response::new(());
    *res.status_mut() = StatusCode::from_u16(status).unwrap();
    if let Some(value) = retry_after {
        let value = value.parse().unwrap();
        res.headers_mut().insert("retry-after", value);
    }
    res
}

fn of(status: u16) -> Verdict {
    HttpClassifier::new().classify(&Ok::<_, BoxError>(response(status, None)))
}

#[test]
fn every_status_is_what_the_guide_says() {
    for status in 100..=999 {
        let expected = match status {
            429 => Verdict::throttled(),
            ..=399 | 404 | 409 | 410 | 412 => Verdict::Success,
            400..=499 | 501 | 505 | 506 | 507 | 508 | 510 | 511 => Verdict::Ignored,
            _ => Verdict::Failure,
        };
        assert_eq!(of(status), expected, "{status}");
    }
}

#[test]
fn hint_is_for_throttles() {
    let hinted = |status| {
        let res = Ok::<_, BoxError>(response(status, Some("7")));
        HttpClassifier::new().classify(&res)
    };
    let throttled = Verdict::throttled().retry_after(Duration::from_secs(7));
    assert_eq!(hinted(429), throttled);
    assert_eq!(hinted(503), throttled);
    assert_eq!(hinted(502), Verdict::Failure);
    assert_eq!(hinted(404), Verdict::Success);
}

#[test]
fn any_error_is_a_failure_but_for_exceptions() {
    let classifier = HttpClassifier::new()
        .error(|error: &io::Error| {
            (error.kind() == io::ErrorKind::InvalidInput).then_some(Verdict::Ignored)
        })
        .status(|status, _| (status == 402).then(Verdict::exhausted));
    let failed = |kind| Err::<Response<()>, _>(io::Error::from(kind));
    let boxed = |kind| failed(kind).map_err(BoxError::from);
    assert_eq!(
        classifier.classify(&failed(io::ErrorKind::TimedOut)),
        Verdict::Failure
    );
    assert_eq!(
        classifier.classify(&failed(io::ErrorKind::InvalidInput)),
        Verdict::Ignored
    );
    assert_eq!(
        classifier.classify(&boxed(io::ErrorKind::InvalidInput)),
        Verdict::Ignored
    );
    assert_eq!(
        classifier.classify(&Err::<Response<()>, _>("text")),
        Verdict::Failure
    );
    assert_eq!(
        classifier.classify(&Ok::<_, BoxError>(response(402, None))),
        Verdict::exhausted()
    );
    assert_eq!(
        classifier.classify(&Ok::<_, BoxError>(response(500, None))),
        Verdict::Failure
    );
}
