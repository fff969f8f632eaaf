//! Knobs come first: nothing that was taken from a monitor, a cost, a counting layer or one that
//! resolves profiles goes on with other settings than it.

mod common;

use bedrock_sim::Simulator;
use common::{MODEL, bedrock, prompt, simulator};
use std::{
    convert::Infallible,
    future::ready,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, CountTokensLayer, ResolveProfilesLayer,
    monitor::{Monitor, Record},
    policy::{Burndown, MaxOutput, Profiles, Quotas, TokenCost},
};

type Counting = CountTokensLayer<Bedrock>;
type Knob<T> = (&'static str, fn(T));

const COST: [Knob<TokenCost>; 5] = [
    ("burndown", |cost| drop(cost.burndown(Burndown::standard()))),
    ("max_output", |cost| {
        drop(cost.max_output(MaxOutput::standard()));
    }),
    ("read_body_with", |cost| {
        drop(cost.read_body_with(|_, _| None));
    }),
    ("patience", |cost| drop(cost.patience(Duration::ZERO))),
    ("monitored_by", |cost| {
        drop(cost.monitored_by(Monitor::new()));
    }),
];

const MONITOR: [Knob<Monitor>; 4] = [
    ("after", |monitor| drop(monitor.after(1))),
    ("over_reservation", |monitor| {
        drop(monitor.over_reservation(1.0));
    }),
    ("max_keys", |monitor| drop(monitor.max_keys(1))),
    ("on_advice", |monitor| drop(monitor.on_advice(|_| {}))),
];

const COUNTING: [Knob<Counting>; 3] = [
    ("all", |layer| drop(layer.all())),
    ("patience", |layer| drop(layer.patience(Duration::ZERO))),
    ("pause", |layer| drop(layer.pause(Duration::ZERO))),
];

const PROFILES: [Knob<ResolveProfilesLayer>; 3] = [
    ("ask", |layer| {
        drop(layer.ask(|_| ready(Ok::<_, Infallible>(vec![]))));
    }),
    ("patience", |layer| drop(layer.patience(Duration::ZERO))),
    ("pause", |layer| drop(layer.pause(Duration::ZERO))),
];

fn profiles() -> ResolveProfilesLayer {
    ResolveProfilesLayer::new(Profiles::new())
}

fn counting(sim: &Simulator) -> Counting {
    CountTokensLayer::new(bedrock(sim))
}

/// What the panic says, if `turn` panics.
fn panic(turn: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(turn)).err()?;
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
}

fn is_refused(turn: impl FnOnce(), knob: &str, taken: &str) {
    let said = panic(turn).unwrap_or_default();
    assert!(
        said.contains("is already shared"),
        "{knob} after {taken}: {said:?}"
    );
}

#[test]
fn a_knob_of_a_shared_monitor_panics() {
    for (knob, turn) in MONITOR {
        let monitor = Monitor::new();
        let _clone = monitor.clone();
        is_refused(|| turn(monitor), knob, "a clone");
        let monitor = Monitor::new();
        let cost = TokenCost::new("us-east-1").monitored_by(monitor.clone());
        is_refused(|| turn(monitor), knob, "it was given away");
        is_refused(|| turn(cost.monitor()), knob, "it was made by a cost");
    }
}

#[test]
fn a_knob_of_a_shared_cost_panics() {
    for (knob, turn) in COST {
        let cost = TokenCost::new("us-east-1");
        let _clone = cost.clone();
        is_refused(|| turn(cost), knob, "a clone");
        let layer = TokenCost::new("us-east-1").layer(Quotas::new());
        is_refused(|| turn(layer.cost().clone()), knob, "a layer");
        assert_eq!(panic(|| turn(TokenCost::new("us-east-1"))), None, "{knob}");
    }
    let cost = TokenCost::new("us-east-1");
    let _handle = cost.monitor();
    let replaced = || drop(cost.monitored_by(Monitor::new()));
    is_refused(replaced, "monitored_by", "the monitor");
}

#[test]
fn a_knob_of_a_shared_counting_layer_panics() {
    let sim = simulator();
    for (knob, turn) in COUNTING {
        let layer = counting(&sim);
        let _handle = layer.handle();
        is_refused(|| turn(layer), knob, "a handle");
        let layer = counting(&sim);
        let _clone = layer.clone();
        is_refused(|| turn(layer), knob, "a clone");
        let layer = counting(&sim);
        let _service = layer.layer(());
        is_refused(|| turn(layer), knob, "a service");
    }
}

#[test]
fn a_knob_of_a_shared_layer_for_profiles_panics() {
    for (knob, turn) in PROFILES {
        assert_eq!(panic(|| turn(profiles())), None, "{knob}");
        let layer = profiles();
        drop(layer.clone());
        is_refused(|| turn(layer), knob, "a clone");
        let layer = profiles();
        drop(layer.layer(()));
        is_refused(|| turn(layer), knob, "a service");
    }
}

/// What quotas tell beyond single models is a knob of the cost.
#[test]
fn a_shared_cost_takes_no_quotas_of_the_account() {
    for quotas in [
        Quotas::new().tokens_per_day(1),
        Quotas::new().profile("a", "b"),
    ] {
        let cost = TokenCost::new("us-east-1");
        let _clone = cost.clone();
        is_refused(|| drop(cost.layer(quotas.clone())), "layer", "a clone");
        assert_eq!(
            panic(|| drop(TokenCost::new("us-east-1").layer(quotas))),
            None
        );
    }
}

#[test]
fn a_knob_turns_as_long_as_nothing_was_taken() {
    let sim = simulator();
    for (knob, turn) in MONITOR {
        assert_eq!(panic(|| turn(Monitor::new())), None, "{knob}");
    }
    for (knob, turn) in COUNTING {
        assert_eq!(panic(|| turn(counting(&sim))), None, "{knob}");
    }
}

#[test]
fn what_was_taken_and_is_gone_counts_too() {
    let sim = simulator();
    for (knob, turn) in MONITOR {
        let monitor = Monitor::new();
        drop(monitor.clone());
        is_refused(|| turn(monitor), knob, "a clone that is gone");
    }
    for (knob, turn) in COUNTING {
        let layer = counting(&sim);
        drop((layer.handle(), layer.clone(), layer.layer(())));
        is_refused(|| turn(layer), knob, "what is gone");
    }
}

#[test]
fn clones_of_a_monitor_go_by_the_knobs_turned_before() {
    let told = Arc::new(AtomicU64::new(0));
    let heard = Arc::clone(&told);
    let monitor = Monitor::new()
        .after(2)
        .over_reservation(1.5)
        .max_keys(1)
        .on_advice(move |_| {
            heard.fetch_add(1, Ordering::Relaxed);
        });
    let clone = monitor.clone();
    for _ in 0..2 {
        monitor.record(&"us-east-1/a".into(), Record::default());
    }
    monitor.record(&"us-east-1/b".into(), Record::default());
    assert_eq!(told.load(Ordering::Relaxed), 1);
    assert_eq!((clone.advice().len(), clone.untracked()), (1, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_handle_shows_what_knobs_turned_before_it_do() {
    let sim = simulator();
    let layer = counting(&sim).all().patience(Duration::ZERO);
    let handle = layer.handle();
    for text in ["a", "b"] {
        let service = layer.clone().layer(bedrock(&sim));
        service.oneshot(prompt(text).into()).await.unwrap();
    }
    // The first waited for no time, and the second not at all.
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.failed, snapshot.paused), (1, 1));
    assert_eq!(sim.usage().model(MODEL).unwrap().admitted, 2);
    let unpaused = counting(&sim)
        .all()
        .patience(Duration::ZERO)
        .pause(Duration::ZERO);
    for text in ["c", "d"] {
        let service = unpaused.layer(bedrock(&sim));
        service.oneshot(prompt(text).into()).await.unwrap();
    }
    assert_eq!(unpaused.handle().snapshot().failed, 2);
}
