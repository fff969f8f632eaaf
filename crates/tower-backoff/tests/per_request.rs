//! A classifier may see the request of its call.

use std::{
    io::{Error, ErrorKind},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_backoff::{AttemptTimeoutLayer, BackoffLayer, Classify, MakeClassifier, Verdict};

#[derive(Clone, Debug, PartialEq)]
struct Request {
    method: &'static str,
    path: String,
}

fn request(method: &'static str) -> Request {
    let path = "/orders".to_owned();
    Request { method, path }
}

fn times_out() -> impl Service<Request, Response = u16, Error = Error, Future: Send> + Clone + Send
{
    service_fn(|_: Request| async { Err::<u16, _>(Error::from(ErrorKind::TimedOut)) })
}

/// Time-outs are worth a retry if the request only reads.
fn only_reads(request: &Request) -> impl Fn(&Result<u16, Error>) -> Verdict + Clone + use<> {
    let reads = request.method == "GET";
    move |result| match result {
        Err(error) if error.kind() == ErrorKind::TimedOut && !reads => Verdict::Done,
        Err(_) => Verdict::transient(),
        Ok(_) => Verdict::Done,
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn time_outs_are_retried_for_reads_only() {
    for (method, attempts) in [("GET", 3), ("POST", 1)] {
        let layer = BackoffLayer::per_request(only_reads).max_attempts(3);
        let answer = layer.layer(times_out()).oneshot(request(method)).await;
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(layer.handle().snapshot().attempts, attempts, "{method}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_closure_needs_only_its_arguments_named_and_can_be_spawned() {
    let backoff = BackoffLayer::per_request(|request: &Request| {
        let reads = request.method == "GET";
        move |result: &Result<_, Error>| match result {
            Err(_) if reads => Verdict::transient(),
            _ => Verdict::Done,
        }
    });
    let handle = backoff.handle();
    let service = ServiceBuilder::new().layer(&backoff).service(times_out());
    let task = tokio::spawn(async move {
        let mut service = service;
        service.ready().await?.call(request("GET")).await
    });
    assert!(task.await.unwrap().is_err());
    assert_eq!(handle.snapshot().attempts, 8);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_is_made_once_a_call_and_not_once_an_attempt() {
    let made = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&made);
    let layer = BackoffLayer::per_request(move |_: &Request| {
        counted.fetch_add(1, Ordering::Relaxed);
        |result: &Result<u16, Error>| match result {
            Ok(_) => Verdict::Done,
            Err(_) => Verdict::transient(),
        }
    })
    .deadline(Duration::from_secs(600));
    let service = layer.layer(times_out());
    for calls in 1..4 {
        service.clone().oneshot(request("GET")).await.unwrap_err();
        assert_eq!(made.load(Ordering::Relaxed), calls);
    }
}

/// A maker with a name, whose classifier notes for which request it was.
#[derive(Clone)]
struct Named;

struct Noted {
    path: String,
}

impl<Res> MakeClassifier<Request, Res, BoxError> for Named {
    type Classifier = Noted;

    fn make_classifier(&self, request: &Request) -> Noted {
        let path = request.path.clone();
        Noted { path }
    }
}

impl<Res> Classify<Res, BoxError> for Noted {
    fn classify(&self, result: &Result<Res, BoxError>) -> Verdict {
        match result {
            Ok(_) => Verdict::Done,
            Err(_) => Verdict::costly(),
        }
    }

    fn finished(&self, result: &mut Result<Res, BoxError>, attempts: u32) {
        if let Err(error) = result {
            *error = format!("{}: {error} after {attempts} attempts", self.path).into();
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_maker_may_be_a_type_and_its_classifier_ends_the_call() {
    let stack = ServiceBuilder::new()
        .layer(BackoffLayer::per_request(Named))
        .layer(AttemptTimeoutLayer::new(Duration::from_secs(1)))
        .service(service_fn(|_: Request| {
            std::future::pending::<Result<u16, BoxError>>()
        }));
    // Type-erased, as a field of an application would be.
    let stack = stack.boxed_clone();
    let error = tokio::spawn(stack.oneshot(request("GET"))).await.unwrap();
    assert_eq!(
        error.unwrap_err().to_string(),
        "/orders: attempt took longer than 1s after 2 attempts"
    );
}

/// Code that is generic over classifiers asks for no more than the layer.
async fn generic<C>(classify: C) -> u64
where
    C: Classify<u16, Error> + Clone,
{
    let layer = BackoffLayer::new(classify);
    let _ = layer.layer(times_out()).oneshot(request("GET")).await;
    layer.handle().snapshot().attempts
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn generic_code_names_no_request() {
    assert_eq!(generic(only_reads(&request("GET"))).await, 8);
    assert_eq!(generic(only_reads(&request("PUT"))).await, 1);
}
