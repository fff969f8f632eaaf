//! One circuit for each key.

mod support;

use support::{SECOND, advance, answered, classify, layer, rejected, service};
use tower::{BoxError, Layer, ServiceExt};
use tower_circuit_breaker::{CircuitBreakerLayer, KeyOf, Open, State, Verdict};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn keys_do_not_touch_each_other() {
    let layer = layer()
        .key_by(|request: &&'static str| *request)
        .consecutive_failures(1);
    let (service, mut handle) = service(&layer);
    let _other = layer.circuits().handle(&"other");
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    let open = rejected(&service).await;
    assert_eq!(open.key(), Some("call"));
    assert_eq!(layer.circuits().handle(&"call").state(), State::Open);
    assert_eq!(layer.circuits().handle(&"other").state(), State::Closed);
    let mut keys = layer.circuits().keys();
    keys.sort_unstable();
    assert_eq!(keys, ["call", "other"]);
}

struct Request<A> {
    model: &'static str,
    body: A,
}

#[derive(Clone)]
struct ByModel;

impl<A> KeyOf<Request<A>> for ByModel {
    type Key = &'static str;

    fn key(&self, request: &Request<A>) -> &'static str {
        request.model
    }
}

#[derive(Clone)]
struct AnyError;

impl<Res, E> tower_circuit_breaker::Classify<Res, E> for AnyError {
    fn classify(&self, result: &Result<Res, E>) -> Verdict {
        match result {
            Ok(_) => Verdict::Success,
            Err(_) => Verdict::Failure,
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_layer_serves_several_request_types() {
    let layer = CircuitBreakerLayer::new(AnyError)
        .key_by::<Request<()>, _>(ByModel)
        .consecutive_failures(1);
    let texts = layer.layer(tower::service_fn(|request: Request<String>| async move {
        Err::<(), BoxError>(request.body.into())
    }));
    let numbers = layer.layer(tower::service_fn(|request: Request<u32>| async move {
        Ok::<_, BoxError>(request.body)
    }));
    let number = |model| numbers.clone().oneshot(Request { model, body: 7 });
    number("a").await.unwrap();
    let request = Request {
        model: "a",
        body: "failed".to_owned(),
    };
    texts.oneshot(request).await.unwrap_err();
    assert!(number("a").await.unwrap_err().is::<Open>());
    assert_eq!(number("b").await.unwrap(), 7);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn idle_circuits_are_bounded_and_open_ones_outlive_closed_ones() {
    let layer = CircuitBreakerLayer::new(classify)
        .key_by(|request: &&'static str| *request)
        .max_idle_keys(8);
    let circuits = layer.circuits();
    let names: Vec<&'static str> = (0..100)
        .map(|n| &*Box::leak(n.to_string().into_boxed_str()))
        .collect();
    circuits.handle(&"open").force_open_for(10 * SECOND);
    circuits.handle(&"forced").force_open();
    let held = circuits.handle(&"held");
    for name in &names {
        let _ = circuits.handle(name);
        assert!(circuits.keys().len() <= 8);
    }
    for (key, state) in [("open", State::Open), ("forced", State::Open)] {
        assert!(circuits.keys().contains(&key));
        assert_eq!(circuits.handle(&key).state(), state);
    }
    held.force_open();
    assert_eq!(circuits.handle(&"held").state(), State::Open);

    // Only open ones are left: the bound takes the one that ends first.
    for (name, seconds) in names.iter().zip(100..108) {
        circuits.handle(name).force_open_for(seconds * SECOND);
    }
    assert!(!circuits.keys().contains(&"open"));
    assert!(circuits.keys().contains(&"forced"));
    assert!(circuits.keys().contains(&"held"));
    advance(1).await;
}
