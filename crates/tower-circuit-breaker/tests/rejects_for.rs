//! How long a key's calls would be rejected, asked without a call.

mod support;

use std::time::Duration;

use support::{SECOND, advance, answered, layer, rejected, service, soon};
use tower::ServiceExt;
use tower_circuit_breaker::State;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_is_the_wait_that_a_call_would_be_told() {
    let layer = layer()
        .key_by(|request: &&'static str| *request)
        .open_for(30 * SECOND, 30 * SECOND)
        .ramp(Duration::ZERO)
        .consecutive_failures(1);
    let (service, mut handle) = service(&layer);
    let circuits = layer.circuits();
    answered(&service, &mut handle, "fine").await.unwrap();
    assert_eq!(circuits.rejects_for(&"call"), Duration::ZERO);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    for _ in 0..3 {
        let wait = circuits.rejects_for(&"call");
        assert_eq!(wait, rejected(&service).await.retry_after());
        assert!(wait > Duration::ZERO);
        tokio::time::advance(wait / 2).await;
    }
    advance(31).await;
    assert_eq!(circuits.rejects_for(&"call"), Duration::ZERO);
    assert_eq!(circuits.handle(&"call").state(), State::Open);

    // The one probe is under way.
    let probe = tokio::spawn(service.clone().oneshot("call"));
    let (_, send) = soon(handle.next_request()).await.expect("the probe comes");
    let wait = circuits.rejects_for(&"call");
    assert_eq!(wait, rejected(&service).await.retry_after());
    assert_eq!(wait, SECOND);
    send.send_response("fine");
    soon(probe).await.unwrap().unwrap();
    assert_eq!(circuits.rejects_for(&"call"), Duration::ZERO);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn to_ask_makes_no_circuit_and_is_no_use_of_one() {
    let layer = layer()
        .key_by(|request: &&'static str| *request)
        .max_idle_keys(2);
    let circuits = layer.circuits();
    assert_eq!(circuits.rejects_for(&"nobody's"), Duration::ZERO);
    assert!(circuits.keys().is_empty());
    for key in ["first", "second"] {
        drop(circuits.handle(&key));
    }
    for _ in 0..100 {
        let _ = circuits.rejects_for(&"first");
    }
    drop(circuits.handle(&"third"));
    // It is unused for longest still.
    assert!(!circuits.keys().contains(&"first"));
    assert!(circuits.keys().contains(&"second"));

    let held = circuits.handle(&"held");
    held.force_open();
    assert_eq!(circuits.rejects_for(&"held"), Duration::MAX);
    assert_eq!(held.snapshot().rejections, 0);
    held.force_open_for(5 * SECOND);
    assert_eq!(circuits.rejects_for(&"held"), 5 * SECOND);
}

#[test]
fn to_ask_allocates_nothing() {
    let layer = layer().key_by(|request: &&'static str| *request);
    let circuits = layer.circuits();
    let (closed, open) = (circuits.handle(&"closed"), circuits.handle(&"open"));
    closed.reset();
    open.force_open_for(3600 * SECOND);
    let asked = allocation_counter::measure(|| {
        for _ in 0..1000 {
            assert_eq!(circuits.rejects_for(&"closed"), Duration::ZERO);
            assert!(circuits.rejects_for(&"open") > Duration::ZERO);
            assert_eq!(circuits.rejects_for(&"nobody's"), Duration::ZERO);
        }
    });
    assert_eq!(asked.count_total, 0);
}
