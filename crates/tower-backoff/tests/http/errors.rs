//! Errors of the client, and of layers below.

use std::error::Error;
use std::{fmt, io, time::Duration};

use crate::support::{METHODS, judged, request};
use http::Response;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};
use tower_backoff::{AttemptTimeoutLayer, HttpClassifier, Verdict};

/// A client's error about another one.
#[derive(Debug)]
struct Failed(io::Error);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn of<E: 'static>(method: &str, error: E) -> Verdict {
    judged::<E>(&HttpClassifier::new(), &request(method), &Err(error))
}

#[test]
fn broken_connection_is_made_again_where_that_does_no_harm() {
    for (method, repeatable) in METHODS {
        let expected = match repeatable {
            true => Verdict::transient(),
            false => Verdict::Done,
        };
        let broken = || io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(of(method, broken()), expected, "{method}");
        assert_eq!(of(method, BoxError::from(broken())), expected, "{method}");
        assert_eq!(of(method, Failed(broken())), expected, "{method}");
        // An error that is no error type at all.
        assert_eq!(of(method, "failed"), expected, "{method}");
    }
}

#[test]
fn connection_that_was_refused_took_no_request_along() {
    for (method, _) in METHODS {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(of(method, refused()), Verdict::transient(), "{method}");
        let within = BoxError::from(Failed(refused()));
        assert_eq!(of(method, within), Verdict::transient(), "{method}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn attempt_that_timed_out_is_costly() {
    let never = service_fn(|_: ()| std::future::pending::<Result<Response<()>, BoxError>>());
    let mut client = AttemptTimeoutLayer::new(Duration::from_secs(1)).layer(never);
    for (method, repeatable) in METHODS {
        let result = client.ready().await.unwrap().call(()).await;
        let verdict = judged(&HttpClassifier::new(), &request(method), &result);
        let expected = match repeatable {
            true => Verdict::costly(),
            false => Verdict::Done,
        };
        assert_eq!(verdict, expected, "{method}");
    }
}

/// An error that is its own source.
#[derive(Debug)]
struct Circle;

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("circle")
    }
}

impl Error for Circle {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

#[test]
fn error_that_is_its_own_source_is_not_followed_for_ever() {
    assert_eq!(of("POST", BoxError::from(Circle)), Verdict::Done);
}
