//! Knobs come first: nothing that was taken from a layer goes on with other settings than it.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use support::{Classifier, SECOND, answered, rejected, service};
use tower::{Layer, Service};
use tower_circuit_breaker::{Abandoned, CircuitBreakerLayer, Outage, State, Throttles, Window};

type Knob<L> = (&'static str, fn(L));
type Single = CircuitBreakerLayer<Classifier>;
type Key = fn(&&'static str) -> &'static str;
type Keyed = CircuitBreakerLayer<Classifier, Key, &'static str>;

fn keyed() -> Keyed {
    support::layer().key_by((|request| *request) as Key)
}

/// Every knob that a layer has with one circuit and with many.
macro_rules! knobs {
    ($layer:ty) => {
        [
            ("consecutive_failures", |layer: $layer| {
                drop(layer.consecutive_failures(1));
            }),
            ("failure_rate", |layer| {
                drop(layer.failure_rate(0.5, Window::calls(4)));
            }),
            ("slow_calls", |layer| {
                drop(layer.slow_calls(SECOND, 0.5, Window::calls(4)));
            }),
            ("outage", |layer| drop(layer.outage(Outage::new()))),
            ("throttles", |layer| {
                drop(layer.throttles(Throttles::Ignored));
            }),
            ("abandoned", |layer| {
                drop(layer.abandoned(Abandoned::Failure));
            }),
            ("probes", |layer| drop(layer.probes(1))),
            ("probe_lease", |layer| drop(layer.probe_lease(SECOND))),
            ("open_for", |layer| drop(layer.open_for(SECOND, SECOND))),
            ("ramp", |layer| drop(layer.ramp(SECOND))),
            ("exhausted_for", |layer| drop(layer.exhausted_for(SECOND))),
            ("max_hint", |layer| drop(layer.max_hint(SECOND))),
            ("max_exhausted_hint", |layer| {
                drop(layer.max_exhausted_hint(SECOND));
            }),
            ("seed", |layer| drop(layer.seed(1))),
            ("max_idle_keys", |layer| drop(layer.max_idle_keys(1))),
            ("max_keys", |layer| drop(layer.max_keys(1))),
            ("on_transition", |layer| drop(layer.on_transition(|_| {}))),
            ("name", |layer| drop(layer.name("other"))),
        ]
    };
}

const SINGLE: [Knob<Single>; 18] = knobs!(Single);
const KEYED: [Knob<Keyed>; 18] = knobs!(Keyed);
/// The knobs that a layer has while it has one circuit.
const OF_ONE: [Knob<Single>; 2] = [
    ("key_by", |layer| {
        drop(layer.key_by((|request| *request) as Key));
    }),
    ("not_ready_while_open", |layer| {
        drop(layer.not_ready_while_open(true));
    }),
];

/// What the panic says, if the knob panics.
fn turned<L>(turn: fn(L), layer: L) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| turn(layer))).err()?;
    let said = panic.downcast::<String>().map(|said| *said);
    said.or_else(|panic| panic.downcast::<&str>().map(|said| (*said).to_owned()))
        .ok()
}

#[track_caller]
fn refused<L>((name, turn): Knob<L>, layer: L, taken: &str) {
    let said = turned(turn, layer).unwrap_or_default();
    assert!(
        said.starts_with("`CircuitBreakerLayer` is already shared"),
        "{name} after {taken}: {said:?}"
    );
}

#[test]
fn a_knob_of_a_shared_layer_panics() {
    for knob in SINGLE.into_iter().chain(OF_ONE) {
        let shared = support::layer();
        let _handle = shared.handle();
        refused(knob, shared, "a handle");
        let shared = support::layer();
        let _circuits = shared.circuits();
        refused(knob, shared, "circuits");
        let shared = support::layer();
        let _clone = shared.clone();
        refused(knob, shared, "a clone");
        let shared = support::layer();
        let _service = shared.layer(());
        refused(knob, shared, "a service");
    }
}

#[test]
fn a_knob_of_a_shared_layer_with_keys_panics() {
    for knob in KEYED {
        let shared = keyed();
        let _handle = shared.circuits().handle(&"held");
        refused(knob, shared, "a handle");
        let shared = keyed();
        let _circuits = shared.circuits();
        refused(knob, shared, "circuits");
        let shared = keyed();
        let _clone = shared.clone();
        refused(knob, shared, "a clone");
        let shared = keyed();
        let _service = shared.layer(());
        refused(knob, shared, "a service");
    }
}

#[test]
fn a_call_under_way_shares_the_layer_though_its_service_is_gone() {
    let shared = support::layer();
    let call = service(&shared).0.call("call");
    refused(OF_ONE[0], shared, "a call");
    drop(call);
}

#[test]
fn a_knob_turns_as_long_as_nothing_was_taken() {
    for (name, turn) in SINGLE.into_iter().chain(OF_ONE) {
        assert_eq!(turned(turn, support::layer()), None, "{name}");
    }
    for (name, turn) in KEYED {
        assert_eq!(turned(turn, keyed()), None, "{name}");
    }
}

#[test]
fn a_handle_that_is_gone_has_steered_the_circuit() {
    for knob in SINGLE.into_iter().chain(OF_ONE) {
        let layer = support::layer();
        layer.handle().force_open();
        refused(knob, layer, "a handle that is gone");
    }
    for knob in KEYED {
        let layer = keyed();
        layer.circuits().handle(&"held").force_open();
        refused(knob, layer, "a handle that is gone");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_handle_steers_what_knobs_turned_before_it_made() {
    let layer = support::layer()
        .consecutive_failures(2)
        .open_for(7 * SECOND, 7 * SECOND)
        .seed(1)
        .key_by((|request| *request) as Key)
        .name("models");
    let circuit = layer.circuits().handle(&"call");
    let (service, mut handle) = service(&layer);
    for state in [State::Closed, State::Open] {
        answered(&service, &mut handle, "!failed")
            .await
            .unwrap_err();
        assert_eq!(circuit.state(), state);
    }
    assert!(rejected(&service).await.retry_after() > 3 * SECOND);
    circuit.force_closed();
    answered(&service, &mut handle, "fine").await.unwrap();
}
