//! Knobs come first: nothing that was taken from a layer goes on with other settings than it.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use support::{Key, Value, Words, answer, others_run};
use tokio_test::{assert_pending, task};
use tower::{Layer, Service};
use tower_response_cache::ResponseCacheLayer;
use tower_test::mock;

type Cache = ResponseCacheLayer<Words, Key, Value>;
type Knob = (&'static str, fn(Cache));

/// Every knob of the layer.
const KNOBS: [Knob; 2] = [
    ("finish_abandoned", |layer| {
        drop(layer.finish_abandoned(true));
    }),
    ("name", |layer| drop(layer.name("other"))),
];

fn layer() -> Cache {
    ResponseCacheLayer::new(Words, 10)
}

/// What the panic says, if the knob panics.
fn turned(turn: fn(Cache), layer: Cache) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| turn(layer))).err()?;
    let said = panic.downcast::<String>().map(|said| *said);
    said.or_else(|panic| panic.downcast::<&str>().map(|said| (*said).to_owned()))
        .ok()
}

#[track_caller]
fn refused((name, turn): Knob, layer: Cache, taken: &str) {
    let said = turned(turn, layer).unwrap_or_default();
    assert!(
        said.starts_with("`ResponseCacheLayer` is already shared"),
        "{name} after {taken}: {said:?}"
    );
}

#[test]
fn knob_of_a_shared_layer_panics() {
    for knob in KNOBS {
        let shared = layer();
        let _handle = shared.handle();
        refused(knob, shared, "a handle");
        let shared = layer();
        let _clone = shared.clone();
        refused(knob, shared, "a clone");
        let shared = layer();
        let _service = shared.layer(());
        refused(knob, shared, "a service");
        let shared = layer();
        let _handle = shared.layer(()).handle();
        refused(knob, shared, "a handle of a service");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn call_in_the_background_shares_the_layer_though_its_caller_is_gone() {
    for over in [false, true] {
        let layer = layer().finish_abandoned(true);
        let (inner_service, mut inner) = mock::pair();
        let mut service = layer.layer(inner_service);
        let mut call = task::spawn(service.call("a"));
        assert_pending!(call.poll());
        drop((call, service));
        if over {
            answer(&mut inner, "answer").await;
            others_run().await;
            assert_eq!(turned(KNOBS[0].1, layer), None);
        } else {
            refused(KNOBS[0], layer, "a call");
        }
    }
}

#[test]
fn knob_of_a_layer_that_is_not_shared_any_more_turns() {
    for (name, turn) in KNOBS {
        let layer = layer();
        drop((layer.handle(), layer.clone(), layer.layer(())));
        assert_eq!(turned(turn, layer), None, "{name}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn handle_steers_what_knobs_turned_before_it_made() {
    for finish in [true, false] {
        let layer = layer().finish_abandoned(finish).name("answers");
        let handle = layer.handle();
        let (mut service, mut inner) = mock::spawn_layer(layer);
        assert!(service.poll_ready().is_ready());
        let mut call = task::spawn(service.call("a"));
        assert_pending!(call.poll());
        assert_eq!(handle.snapshot().flights, 1);
        drop(call);
        assert_eq!(handle.snapshot().flights, u64::from(finish));
        if finish {
            answer(&mut inner, "answer").await;
            others_run().await;
            assert_eq!(handle.snapshot().store.entries, 1);
            handle.invalidate(&"a").await.unwrap();
            assert_eq!(handle.snapshot().store.entries, 0);
        }
    }
}
