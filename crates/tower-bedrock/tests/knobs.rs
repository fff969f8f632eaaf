//! Knobs come first: nothing that was taken from a layer goes on with other settings than it.

mod common;

use bedrock_sim::Fault;
use common::{MODEL, bedrock, prompt, simulator};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    ErrorKind, Fleet, ResolveProfilesLayer, StackLayer,
    policy::{self, ModelQuota, Profiles, Quotas, RetryPolicy},
    telemetry::TelemetryLayer,
    tower_quota::Limits,
};

const MINUTE: Duration = Duration::from_secs(60);

type Turn<T> = (&'static str, fn(StackLayer) -> T);

type Knob = Turn<StackLayer>;

const KNOBS: [Knob; 10] = [
    ("cache", |layer| {
        layer.cache(policy::response_cache_layer("r", MINUTE, 0))
    }),
    ("backoff", |layer| {
        layer.backoff(RetryPolicy::new().layer_over_quota())
    }),
    ("circuit_breaker", |layer| {
        layer.circuit_breaker(policy::circuit_breaker_layer("r"))
    }),
    ("quotas", |layer| layer.quotas(Quotas::new())),
    ("quota", |layer| {
        layer.quota(policy::quota_layer("r", Limits::unknown()))
    }),
    ("resolve_profiles", |layer| {
        layer.resolve_profiles(ResolveProfilesLayer::new(Profiles::new()))
    }),
    ("attempt_timeout", |layer| layer.attempt_timeout(MINUTE)),
    ("telemetry", |layer| {
        layer.telemetry(TelemetryLayer::calls("r"))
    }),
    ("max_wait", |layer| layer.max_wait(MINUTE)),
    ("fleet", |layer| {
        layer.fleet(Fleet::redis("redis://localhost"))
    }),
];

/// Knobs after which the stack is of another type.
const LEAVE_OUT: [Turn<()>; 3] = [
    ("without_cache", |layer| drop(layer.without_cache())),
    ("without_circuit_breaker", |layer| {
        drop(layer.without_circuit_breaker());
    }),
    ("without_quota", |layer| drop(layer.without_quota())),
];

type Share = (&'static str, fn(&StackLayer) -> Box<dyn Any>);

const SHARES: [Share; 3] = [
    ("handle", |layer| Box::new(layer.handle())),
    ("clone", |layer| Box::new(layer.clone())),
    ("layer", |layer| Box::new(layer.layer(()))),
];

/// What the panic says, if the knob panics.
fn turned<T>((_, turn): &Turn<T>, layer: StackLayer) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(turn(layer)))).err()?;
    let said = panic.downcast_ref::<String>().cloned();
    said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()))
}

#[test]
fn a_knob_of_a_shared_stack_panics() {
    for knob in &KNOBS {
        assert_eq!(turned(knob, StackLayer::new("r")), None, "{}", knob.0);
        for (with, share) in &SHARES {
            let layer = StackLayer::new("r");
            let taken = share(&layer);
            let said = turned(knob, layer).unwrap_or_default();
            let expected = "`StackLayer` is already shared: turn its knobs before";
            assert!(said.starts_with(expected), "{} after {with}", knob.0);
            drop(taken);
        }
        let clone = StackLayer::new("r").clone();
        assert!(turned(knob, clone).is_some(), "{} of a clone", knob.0);
    }
}

#[test]
fn a_layer_of_a_shared_stack_is_not_left_out() {
    for knob in &LEAVE_OUT {
        assert_eq!(turned(knob, StackLayer::new("r")), None, "{}", knob.0);
        for (with, share) in &SHARES {
            let layer = StackLayer::new("r");
            let taken = share(&layer);
            let said = turned(knob, layer).unwrap_or_default();
            assert!(said.contains("already shared"), "{} after {with}", knob.0);
            drop(taken);
        }
    }
}

/// Its handles may be in use.
#[test]
fn a_layer_that_was_given_is_not_left_out() {
    for knob in &LEAVE_OUT {
        let name = knob.0.trim_start_matches("without_");
        let (_, give) = KNOBS.iter().find(|(given, _)| *given == name).unwrap();
        let said = turned(knob, give(StackLayer::new("r"))).unwrap_or_default();
        assert!(said.contains("given and left out"), "{}: {said:?}", knob.0);
    }
}

/// A second one would silently take the place of the first, whose handles may be in use.
#[test]
fn an_inner_layer_is_given_once() {
    let is_layer = |name: &str| !["attempt_timeout", "max_wait"].contains(&name);
    for knob in KNOBS.iter().filter(|(name, _)| is_layer(name)) {
        let layer = (knob.1)(StackLayer::new("r"));
        let said = turned(knob, layer).unwrap_or_default();
        assert!(said.contains("is given once"), "{}: {said:?}", knob.0);
    }
    let told = StackLayer::new("r").quotas(Quotas::new());
    let quota = KNOBS.iter().find(|(name, _)| *name == "quota").unwrap();
    assert!(
        turned(quota, told).is_some(),
        "`quotas` gives a quota layer"
    );
}

#[test]
fn every_knob_is_in_the_lists() {
    let source = concat!(
        include_str!("../src/stack/layer.rs"),
        include_str!("../src/stack/in_fleet.rs")
    );
    let functions = |receiver: &str| -> Vec<&str> {
        let starts = source.split("pub fn ").skip(1);
        let heads = starts.filter_map(|rest| rest.split_once('('));
        let fits = heads.filter(|(_, rest)| rest.starts_with(receiver));
        fits.map(|(name, _)| name.split('<').next().expect("a name"))
            .collect()
    };
    let mut knobs = functions("mut self");
    knobs.extend(functions("self"));
    knobs.sort_unstable();
    let leave_out = LEAVE_OUT.iter().map(|(name, _)| *name);
    let mut listed: Vec<_> = KNOBS
        .iter()
        .map(|(name, _)| *name)
        .chain(leave_out)
        .collect();
    listed.sort_unstable();
    assert_eq!(knobs, listed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn handles_show_what_knobs_turned_before_them_do() {
    let sim = simulator();
    let quotas = Quotas::new().model(MODEL, ModelQuota::new().requests_per_minute(7));
    let layer = StackLayer::new("us-east-1")
        .cache(policy::response_cache_layer("us-east-1", MINUTE, 0))
        .quotas(quotas)
        .backoff(RetryPolicy::new().layer_over_quota().max_attempts(3));
    let handle = layer.handle();
    let (backoff, circuits) = (handle.backoff(), handle.circuits());
    let (quota, monitor) = (handle.quota(), handle.monitor());
    let stack = layer.clone().layer(bedrock(&sim));

    // A cache of no bytes keeps nothing.
    for text in ["a", "a", "b"] {
        stack.clone().oneshot(prompt(text).into()).await.unwrap();
    }
    assert_eq!(sim.usage().model(MODEL).unwrap().admitted, 3);
    let key: Arc<str> = format!("us-east-1/{MODEL}").into();
    assert_eq!(backoff.snapshot().attempts, 3);
    assert_eq!(monitor.snapshot(&key).unwrap().calls, 3);
    assert_eq!(quota.keys(), [Arc::clone(&key)]);

    sim.script([Fault::service_unavailable().times(3)]);
    let error = stack.clone().oneshot(prompt("a").into()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Capacity, Some(3))
    );

    circuits.handle(&key).force_open();
    let error = stack.oneshot(prompt("a").into()).await.unwrap_err();
    // However often it is refused, nothing was sent.
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::CircuitOpen, Some(0))
    );
}
