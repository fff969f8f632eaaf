//! What the layer's classifier says, asked directly.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use tower::BoxError;
use tower_backoff::{Classify, HttpClassifier, MakeClassifier, Verdict};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// The methods of RFC 9110, PATCH, and one of nobody.
pub(crate) const METHODS: [(&str, bool); 10] = [
    ("GET", true),
    ("HEAD", true),
    ("OPTIONS", true),
    ("TRACE", true),
    ("PUT", true),
    ("DELETE", true),
    ("POST", false),
    ("PATCH", false),
    ("CONNECT", false),
    ("PURGE", false),
];

pub(crate) fn request(method: &str) -> Request<()> {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    Request::builder().method(method).body(()).unwrap()
}

pub(crate) fn response(status: u16, fields: &[(&'static str, &[u8])]) -> Response<()> {
    let mut res = Response::new(());
    *res.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in fields {
        let value = HeaderValue::from_bytes(value).unwrap();
        HeaderMap::append(res.headers_mut(), *name, value);
    }
    res
}

pub(crate) fn judged<E: 'static>(
    classifier: &HttpClassifier,
    req: &Request<()>,
    result: &Result<Response<()>, E>,
) -> Verdict {
    let call = MakeClassifier::<_, Response<()>, E, _>::make_classifier(classifier, req);
    call.classify(result)
}

pub(crate) fn verdict(method: &str, res: Response<()>) -> Verdict {
    judged::<BoxError>(&HttpClassifier::new(), &request(method), &Ok(res))
}
