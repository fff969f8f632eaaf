//! Knobs come first: nothing that was taken from a layer goes on with other settings than it.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use support::{Key, Value, Words, answer, others_run};
use tokio_test::{assert_pending, task};
use tower::Layer;
use tower_response_cache::ResponseCacheLayer;
use tower_test::mock;

type Cache = ResponseCacheLayer<Words, Key, Value>;
type Knob = (&'static str, fn(Cache));

/// Every knob of the layer.
const KNOBS: [Knob; 6] = [
    ("remote_timeout", |layer| {
        drop(layer.remote_timeout(std::time::Duration::MAX));
    }),
    ("remote_flights", |layer| {
        drop(layer.remote_flights(std::time::Duration::ZERO));
    }),
    ("failures_in_turn", |layer| drop(layer.failures_in_turn(3))),
    ("background_timeout", |layer| {
        drop(layer.background_timeout(std::time::Duration::MAX));
    }),
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

#[test]
fn knob_turns_as_long_as_nothing_was_taken() {
    for (name, turn) in KNOBS {
        assert_eq!(turned(turn, layer()), None, "{name}");
    }
}

#[test]
fn what_was_taken_and_is_gone_counts_too() {
    for knob in KNOBS {
        let layer = layer();
        drop((layer.handle(), layer.clone(), layer.layer(())));
        refused(knob, layer, "what is gone");
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
