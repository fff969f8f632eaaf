//! Knobs come first: none can be turned once somebody holds what it would change.

mod support;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use support::{
    HOUR, Layered, Request, SECOND, Service, one_an_hour, rejected, service, soon, tokens,
};
use tokio_test::{assert_pending, task};
use tower::{BoxError, Layer, Service as _, ServiceExt, service_fn};
use tower_quota::{Cause, Priority};

type Answer = Result<&'static str, BoxError>;

type Knob = (&'static str, fn(Layered) -> Layered);

/// All of them.
const KNOBS: [Knob; 7] = [
    ("max_queue", |layer| layer.max_queue(1)),
    ("max_wait", |layer| layer.max_wait(Duration::ZERO)),
    ("aging", |layer| layer.aging(Duration::ZERO)),
    ("exhausted_for", |layer| {
        layer.exhausted_for(Duration::from_secs(7))
    }),
    ("max_idle_keys", |layer| layer.max_idle_keys(1)),
    ("max_keys", |layer| layer.max_keys(1)),
    ("name", |layer| layer.name("other")),
];

fn assert_refused(knob: &Knob, layer: Layered, held: &str) {
    let (name, turn) = knob;
    let turned = catch_unwind(AssertUnwindSafe(|| turn(layer)));
    let panic = turned.expect_err(&format!("{name} after {held}"));
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
    assert_eq!(
        message,
        Some(
            "`QuotaLayer` is already shared: turn its knobs before taking a handle, a clone or a \
             service of it"
        ),
        "{name} after {held}"
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn every_knob_is_refused_once_somebody_holds_the_layer() {
    for knob in &KNOBS {
        let layer = one_an_hour();
        let _handle = layer.handle();
        assert_refused(knob, layer, "a handle");

        let layer = one_an_hour();
        let _clone = layer.clone();
        assert_refused(knob, layer, "a clone");

        let layer = one_an_hour();
        let _service = service(&layer);
        assert_refused(knob, layer, "a service");

        // A call under way, of a service that is gone.
        let layer = one_an_hour();
        let (mut service, mut handle) = service(&layer);
        let mut call = task::spawn(service.call(tokens(0)));
        assert_pending!(call.poll());
        drop(service);
        assert_pending!(call.poll());
        handle.next_request().await.expect("it is under way");
        assert_refused(knob, layer, "a call");
    }
}

#[test]
fn a_knob_turns_as_long_as_nothing_was_taken() {
    for (_, turn) in KNOBS {
        let _ = turn(one_an_hour());
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_was_taken_and_is_gone_counts_too() {
    for knob in &KNOBS {
        let layer = one_an_hour();
        let inner = service_fn(async |_: Request| Ok::<_, BoxError>("fine"));
        soon(layer.layer(inner).oneshot(tokens(0))).await.unwrap();
        // The ledger remembers that call: a new one would let the next go too early.
        assert_refused(knob, layer, "a service that is gone");
    }
}

/// The first call of `layer` is under way, and the handle shows what the others do.
fn busy(
    layer: &Layered,
) -> (
    Service,
    support::Handle,
    task::Spawn<impl Future<Output = Answer>>,
) {
    let (mut service, handle) = service(layer);
    let mut first = task::spawn(service.call(tokens(0)));
    assert_pending!(first.poll());
    (service, handle, first)
}

fn queued(layer: &Layered) -> usize {
    layer.handle().snapshot(&"").expect("it is used").queued
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn max_queue_turned_first_takes_effect() {
    let layer = one_an_hour().max_queue(1);
    let (mut service, _handle, _first) = busy(&layer);
    let mut waits = task::spawn(service.call(tokens(0)));
    assert_pending!(waits.poll());
    let error = rejected(soon(service.call(tokens(0))).await);
    assert_eq!(*error.cause(), Cause::QueueFull);
    assert_eq!(queued(&layer), 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn max_wait_turned_first_takes_effect() {
    let layer = one_an_hour().max_wait(Duration::ZERO);
    let (mut service, _handle, _first) = busy(&layer);
    let error = rejected(soon(service.call(tokens(0))).await);
    assert_eq!(*error.cause(), Cause::MaxWait);
    assert_eq!(queued(&layer), 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn aging_turned_first_takes_effect() {
    let layer = one_an_hour().aging(Duration::ZERO);
    let (mut service, _handle, _first) = busy(&layer);
    let mut calls = Vec::new();
    for priority in [Priority::Low, Priority::High] {
        let request = Request {
            priority,
            ..tokens(0)
        };
        let mut call = task::spawn(service.call(request));
        assert_pending!(call.poll());
        calls.push(call);
        tokio::time::sleep(HOUR / 4).await;
    }
    tokio::time::sleep(HOUR).await;
    // Without any aging the one that came first goes first.
    assert!(calls[0].is_woken() && !calls[1].is_woken());
    assert_pending!(calls[0].poll());
    assert_eq!(queued(&layer), 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn exhausted_for_turned_first_takes_effect() {
    let layer = one_an_hour().exhausted_for(7 * SECOND);
    let (_service, mut handle, first) = busy(&layer);
    let (_, reply) = handle.next_request().await.expect("it is under way");
    reply.send_error("exhausted");
    let error = first.await.unwrap_err();
    assert_eq!(error.to_string(), "throttled, wait 7000ms");
    assert_eq!(layer.handle().headroom(&"").wait(), 7 * SECOND);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn max_idle_keys_turned_first_takes_effect() {
    let layer = one_an_hour().max_idle_keys(2);
    for key in ["a", "b", "c", "d", "e", "f"] {
        let (mut service, _handle) = service(&layer);
        let mut call = task::spawn(service.call(Request { key, ..tokens(0) }));
        assert_pending!(call.poll());
        drop(call);
        tokio::time::advance(100 * HOUR).await;
    }
    assert_eq!(layer.handle().keys().len(), 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn max_keys_turned_first_takes_effect() {
    let layer = one_an_hour().max_keys(2);
    for key in ["a", "b", "c", "d", "e", "f"] {
        let (mut service, _handle) = service(&layer);
        let mut call = task::spawn(service.call(Request { key, ..tokens(0) }));
        assert_pending!(call.poll());
    }
    assert_eq!(layer.handle().keys().len(), 2);
}

#[test]
fn name_turned_first_takes_effect() {
    let layer = one_an_hour().name("mine");
    let text = format!("{layer:?}");
    assert!(text.contains("name: \"mine\""), "{text}");
    assert_eq!(format!("{:?}", layer.handle()), "Handle { keys: 0 }");
}
