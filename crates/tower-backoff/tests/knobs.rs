//! Knobs come first: nothing that was taken from a layer goes on with other settings than it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_backoff::{Backoff, BackoffLayer, Budget, FromRequest, Verdict};

type Judge = fn(&Result<(), BoxError>) -> Verdict;
type TestLayer = BackoffLayer<Judge>;
type Knob = (&'static str, fn(TestLayer));

fn layer() -> TestLayer {
    BackoffLayer::new(|_| Verdict::transient())
}

const NO_WAIT: Backoff = Backoff::new(Duration::ZERO, Duration::ZERO);

const KNOBS: [Knob; 13] = [
    ("throttled", |layer| drop(layer.throttled(NO_WAIT))),
    ("transient", |layer| drop(layer.transient(NO_WAIT))),
    ("max_attempts", |layer| drop(layer.max_attempts(2))),
    ("max_costly_attempts", |layer| {
        drop(layer.max_costly_attempts(1));
    }),
    ("max_hint", |layer| drop(layer.max_hint(Duration::ZERO))),
    ("rejected_wait", |layer| {
        drop(layer.rejected_wait(Duration::ZERO));
    }),
    ("on_retry", |layer| drop(layer.on_retry(|_| ()))),
    ("on_give_up", |layer| drop(layer.on_give_up(|_| ()))),
    ("deadline", |layer| drop(layer.deadline(Duration::ZERO))),
    ("budget", |layer| drop(layer.budget(Budget::unlimited()))),
    ("seed", |layer| drop(layer.seed(1))),
    ("name", |layer| drop(layer.name("other"))),
    ("replay", |layer| drop(layer.replay(FromRequest))),
];

/// What the panic says, if the knob panics.
fn turned((_, turn): &Knob, layer: TestLayer) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| turn(layer))).err()?;
    let said = panic.downcast::<&'static str>().ok()?;
    Some((*said).to_owned())
}

#[test]
fn a_knob_of_a_shared_layer_panics() {
    for knob in &KNOBS {
        let refused = |layer, with| {
            let said = turned(knob, layer).unwrap_or_default();
            assert!(
                said.contains("already shared"),
                "{} after {with}: {said:?}",
                knob.0
            );
        };
        let shared = layer();
        let _handle = shared.handle();
        refused(shared, "a handle");
        let shared = layer();
        let _clone = shared.clone();
        refused(shared, "a clone");
        let shared = layer();
        let _service = shared.layer(());
        refused(shared, "a service");
    }
}

#[test]
fn a_knob_turns_as_long_as_nothing_was_taken() {
    for knob in &KNOBS {
        assert_eq!(turned(knob, layer()), None, "{}", knob.0);
    }
}

#[test]
fn what_was_taken_and_is_gone_counts_too() {
    for knob in &KNOBS {
        let layer = layer();
        drop((layer.handle(), layer.clone(), layer.layer(())));
        assert!(turned(knob, layer).is_some(), "{}", knob.0);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_handle_shows_what_knobs_turned_before_it_do() {
    let layer = layer()
        .max_attempts(3)
        .transient(NO_WAIT)
        .budget(Budget::default().floor_per_second(0).burst(7));
    let handle = layer.handle();
    let fails = service_fn(|()| async { Err::<(), BoxError>("no".into()) });
    assert!(layer.clone().layer(fails).oneshot(()).await.is_err());
    assert!(layer.layer(fails).oneshot(()).await.is_err());
    let snapshot = handle.snapshot();
    assert_eq!(snapshot.attempts, 6);
    assert_eq!(snapshot.budget_left, Some(3));
}
