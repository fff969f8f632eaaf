//! One circuit for each key.

mod support;

use std::time::Duration;

use support::{SECOND, advance, answered, layer, rejected, service};
use tower::{BoxError, Layer, Service, ServiceExt};
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

type Numbered<K> = CircuitBreakerLayer<AnyError, K, u32>;

/// A circuit for each number.
fn numbered() -> Numbered<impl KeyOf<u32, Key = u32>> {
    CircuitBreakerLayer::new(AnyError)
        .key_by(|number: &u32| *number)
        .consecutive_failures(5)
        .open_for(5 * SECOND, 60 * SECOND)
        .probe_lease(60 * SECOND)
        .ramp(Duration::ZERO)
}

/// Always fails with what is not [`Open`].
fn failing<K: KeyOf<u32, Key = u32>>(
    layer: &Numbered<K>,
) -> impl Service<u32, Response = (), Error = BoxError> + Clone {
    layer.layer(tower::service_fn(|_: u32| async {
        Err::<(), BoxError>("failed".into())
    }))
}

/// How many of the calls reach the service.
async fn passed(
    service: &(impl Service<u32, Response = (), Error = BoxError> + Clone),
    keys: impl IntoIterator<Item = u32>,
) -> usize {
    let mut passed = 0;
    for key in keys {
        let error = service.clone().oneshot(key).await;
        let error = error.expect_err("each call fails");
        passed += usize::from(!error.is::<Open>());
    }
    passed
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn dead_keys_do_not_push_out_those_that_fail_now() {
    // Left while they are open, and left for so long that their next calls would be probes.
    for seconds in [0, 3600] {
        let layer = numbered();
        let service = failing(&layer);
        for key in 0..1024 {
            assert_eq!(passed(&service, [key; 6]).await, 5);
        }
        advance(seconds).await;
        let three = (0..600).map(|call| 2000 + call % 3);
        assert_eq!(passed(&service, three).await, 15);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_open_circuit_outlives_any_number_of_new_keys() {
    let layer = numbered().max_idle_keys(16);
    let service = failing(&layer);
    assert_eq!(passed(&service, (0..60).map(|call| call % 3)).await, 15);
    for key in 0..5000 {
        passed(&service, [10 + key]).await;
        assert_eq!(passed(&service, [key % 3]).await, 0);
    }
    // Those that were called once are closed, so they do not pile up.
    assert!(layer.circuits().keys().len() <= 3 + 17);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_circuit_whose_open_time_is_over_or_that_waits_for_a_probe_is_idle() {
    let layer = numbered().max_idle_keys(16);
    let service = failing(&layer);
    for key in 0..100 {
        layer.circuits().handle(&key).force_open_for(SECOND);
    }
    assert!(layer.circuits().keys().len() >= 100);
    advance(1).await;
    // A probe that is abandoned leaves its circuit half-open.
    drop(service.clone().call(50));
    assert_eq!(layer.circuits().handle(&50).state(), State::HalfOpen);
    passed(&service, 1000..1200).await;
    let keys = layer.circuits().keys();
    assert!(keys.len() <= 16 && keys.iter().all(|key| *key >= 1000));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_was_forced_stays_so_whatever_keys_come() {
    let layer = numbered().max_idle_keys(16);
    let service = failing(&layer);
    let circuit = |key| layer.circuits().handle(&key);
    circuit(1).force_closed();
    circuit(2).force_open();
    circuit(3).force_open_for(60 * SECOND);
    let forced = || [1, 2, 3].map(|key| circuit(key).snapshot().forced);
    assert_eq!(forced(), [true; 3]);
    for key in 10..1000 {
        passed(&service, [key]).await;
    }
    advance(59).await;
    for key in 1000..2000 {
        passed(&service, [key]).await;
    }
    assert_eq!(forced(), [true; 3]);
    assert_eq!(passed(&service, [1; 20]).await, 20);
    assert_eq!(passed(&service, [2, 3]).await, 0);

    advance(1).await;
    assert_eq!(forced(), [true, true, false]);
    circuit(1).reset();
    circuit(2).force_closed();
    circuit(2).reset();
    assert_eq!(forced(), [false; 3]);
    assert_eq!(passed(&service, [1; 20]).await, 5);
    assert_eq!(passed(&service, [2; 20]).await, 5);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn beyond_the_most_circuits_calls_pass_uncounted_until_one_is_idle() {
    let layer = numbered().max_keys(4);
    let service = failing(&layer);
    assert_eq!(passed(&service, (0..40).map(|call| call % 4)).await, 20);
    assert_eq!(passed(&service, [9; 20]).await, 20);
    assert_eq!(passed(&service, 0..4).await, 0);
    assert_eq!(layer.circuits().keys().len(), 4);

    // A handle can make one all the same, which then counts and is steered as any other.
    layer.circuits().handle(&8).force_open();
    assert_eq!(passed(&service, [8]).await, 0);
    assert_eq!(layer.circuits().keys().len(), 5);

    advance(60).await;
    assert_eq!(passed(&service, [9; 20]).await, 5);
    assert!(layer.circuits().keys().len() <= 5);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn circuits_that_are_in_use_stay() {
    let layer = numbered().max_idle_keys(4);
    let service = failing(&layer);
    let held = layer.circuits().handle(&1);
    let under_way = service.clone().call(2);
    passed(&service, 10..500).await;
    held.force_open();
    assert_eq!(passed(&service, [1]).await, 0);
    drop(under_way);
    assert!(layer.circuits().keys().contains(&2));
}
