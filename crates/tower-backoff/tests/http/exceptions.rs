//! What users say before the table does.

use std::io;

use crate::support::{judged, request, response};
use http::Response;
use tower::BoxError;
use tower_backoff::{HttpClassifier, Verdict};

fn of(classifier: &HttpClassifier, status: u16) -> Verdict {
    judged::<BoxError>(classifier, &request("GET"), &Ok(response(status, &[])))
}

#[test]
fn exception_comes_before_the_table_and_leaves_the_rest_to_it() {
    let classifier = HttpClassifier::new().status(|status, _| match status.as_u16() {
        409 => Some(Verdict::transient()),
        500 => Some(Verdict::Done),
        _ => None,
    });
    assert_eq!(of(&classifier, 409), Verdict::transient());
    assert_eq!(of(&classifier, 500), Verdict::Done);
    assert_eq!(of(&classifier, 502), Verdict::transient());
}

#[test]
fn exception_sees_the_fields() {
    let classifier = HttpClassifier::new().status(|status, headers| {
        (status == 403 && headers.contains_key("x-rate-limited")).then(Verdict::throttled)
    });
    let limited = Ok::<_, BoxError>(response(403, &[("x-rate-limited", b"1")]));
    assert_eq!(
        judged(&classifier, &request("GET"), &limited),
        Verdict::throttled()
    );
    assert_eq!(of(&classifier, 403), Verdict::Done);
}

#[test]
fn of_several_exceptions_the_first_that_knows_counts() {
    let classifier = HttpClassifier::new()
        .status(|status, _| (status == 400).then_some(Verdict::costly()))
        .status(|_, _| Some(Verdict::throttled()));
    assert_eq!(of(&classifier, 400), Verdict::costly());
    assert_eq!(of(&classifier, 200), Verdict::throttled());
    assert_eq!(
        of(&HttpClassifier::new(), 200),
        Verdict::Done,
        "a clone has its own"
    );
}

#[test]
fn error_is_known_by_its_type_itself_in_a_box_and_as_a_source() {
    let classifier = HttpClassifier::new().error(|error: &io::Error| {
        (error.kind() == io::ErrorKind::TimedOut).then_some(Verdict::costly())
    });
    let timed_out = || io::Error::from(io::ErrorKind::TimedOut);
    let itself: Result<Response<()>, _> = Err(timed_out());
    let boxed: Result<Response<()>, BoxError> = Err(timed_out().into());
    let within: Result<Response<()>, BoxError> = Err(io::Error::other(timed_out()).into());
    assert_eq!(
        judged(&classifier, &request("GET"), &itself),
        Verdict::costly()
    );
    assert_eq!(
        judged(&classifier, &request("GET"), &boxed),
        Verdict::costly()
    );
    // The first error of the type is asked: here the outer one, of another kind.
    assert_eq!(
        judged(&classifier, &request("GET"), &within),
        Verdict::transient()
    );
    let other: Result<Response<()>, BoxError> = Err("other".into());
    assert_eq!(
        judged(&classifier, &request("GET"), &other),
        Verdict::transient()
    );
}
