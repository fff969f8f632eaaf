//! A classifier may see the request of its call.

use std::io::{Error as IoError, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_circuit_breaker::{CircuitBreakerLayer, Classify, MakeClassifier, Open, State, Verdict};

#[derive(Clone, Debug, PartialEq)]
struct Request {
    method: &'static str,
    path: &'static str,
}

fn request(method: &'static str) -> Request {
    let path = "/orders";
    Request { method, path }
}

fn times_out()
-> impl Service<Request, Response = u16, Error = BoxError, Future: Send> + Clone + Send {
    service_fn(|_: Request| async {
        let error = IoError::from(ErrorKind::TimedOut);
        Err::<u16, BoxError>(error.into())
    })
}

/// A time-out counts if the request only reads.
fn only_reads(request: &Request) -> impl Fn(&Result<u16, BoxError>) -> Verdict + Clone + use<> {
    let reads = request.method == "GET";
    move |result| match result {
        Err(error) if error.is::<IoError>() && !reads => Verdict::Ignored,
        Err(_) => Verdict::Failure,
        Ok(_) => Verdict::Success,
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn time_outs_count_for_reads_only() {
    for (method, state) in [("GET", State::Open), ("PUT", State::Closed)] {
        let layer = CircuitBreakerLayer::per_request(only_reads).consecutive_failures(3);
        let service = layer.layer(times_out());
        for _ in 0..3 {
            let error = service.clone().oneshot(request(method)).await;
            assert!(error.unwrap_err().is::<IoError>());
        }
        assert_eq!(layer.handle().state(), state, "{method}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_has_keys_and_knobs_as_any_other() {
    let layer = CircuitBreakerLayer::per_request(only_reads)
        .key_by(|request: &Request| request.path)
        .consecutive_failures(1)
        .name("orders");
    let service = layer.clone().layer(times_out());
    service.clone().oneshot(request("PUT")).await.unwrap_err();
    service.clone().oneshot(request("GET")).await.unwrap_err();
    let open = service.oneshot(request("PUT")).await.unwrap_err();
    let open = open.downcast::<Open>().unwrap();
    assert_eq!(open.key(), Some("/orders"));
    assert_eq!(layer.circuits().handle(&"/orders").state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_closure_needs_only_its_arguments_named_and_can_be_spawned() {
    let made = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&made);
    let breaker = CircuitBreakerLayer::per_request(move |request: &Request| {
        counted.fetch_add(1, Ordering::Relaxed);
        let reads = request.method == "GET";
        move |result: &Result<_, BoxError>| match result {
            Err(_) if reads => Verdict::Failure,
            _ => Verdict::Ignored,
        }
    })
    .consecutive_failures(1);
    let circuit = breaker.handle();
    let service = ServiceBuilder::new().layer(breaker).service(times_out());
    let task = tokio::spawn(async move {
        let mut service = service;
        service.ready().await?.call(request("GET")).await
    });
    assert!(task.await.unwrap().is_err());
    assert_eq!(circuit.state(), State::Open);
    assert_eq!(made.load(Ordering::Relaxed), 1, "once a call");
}

/// A maker with a name, for any answer.
#[derive(Clone)]
struct Named;

struct ByMethod {
    reads: bool,
}

impl<Res> MakeClassifier<Request, Res, BoxError> for Named {
    type Classifier = ByMethod;

    fn make_classifier(&self, request: &Request) -> ByMethod {
        let reads = request.method == "GET";
        ByMethod { reads }
    }
}

impl<Res> Classify<Res, BoxError> for ByMethod {
    fn classify(&self, result: &Result<Res, BoxError>) -> Verdict {
        match result {
            Ok(_) => Verdict::Success,
            Err(_) if self.reads => Verdict::Failure,
            Err(_) => Verdict::Ignored,
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_maker_may_be_a_type() {
    let layer = CircuitBreakerLayer::per_request(Named).consecutive_failures(1);
    // Type-erased, as a field of an application would be.
    let service = layer.layer(times_out()).boxed_clone();
    for (method, state) in [("PUT", State::Closed), ("GET", State::Open)] {
        let call = tokio::spawn(service.clone().oneshot(request(method)));
        assert!(call.await.unwrap().is_err());
        assert_eq!(layer.handle().state(), state, "{method}");
    }
}

/// Code that is generic over classifiers asks for no more than the layer.
async fn generic<C: Classify<u16, BoxError> + Clone>(classify: C) -> State {
    let layer = CircuitBreakerLayer::new(classify).consecutive_failures(1);
    let _ = layer.layer(times_out()).oneshot(request("GET")).await;
    layer.handle().state()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn generic_code_names_no_request() {
    assert_eq!(generic(only_reads(&request("GET"))).await, State::Open);
    assert_eq!(generic(only_reads(&request("PUT"))).await, State::Closed);
}
