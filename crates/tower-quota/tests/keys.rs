//! Which keys are remembered, and what becomes of new ones where there is no room.

mod support;

use support::{HOUR, Request, layer, one_an_hour, rejected, service, soon, tokens};
use tokio_test::{assert_pending, task};
use tower::{Service, ServiceExt};
use tower_quota::{Limit, Limits};

fn request(key: &'static str) -> Request {
    Request { key, ..tokens(0) }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn keys_without_room_share_one_account_and_no_quota_is_handed_out_twice() {
    let layer = one_an_hour().max_keys(2).max_wait(HOUR / 2);
    let (mut service, mut handle) = service(&layer);
    let mut calls: Vec<_> = ["a", "b", "late", "later", "latest"]
        .map(|key| task::spawn(service.call(request(key))))
        .into();
    for call in &mut calls[..3] {
        assert_pending!(call.poll());
    }
    // The last two come to what the third has used already.
    for call in calls.drain(3..) {
        let error = rejected(soon(call.into_inner()).await);
        assert_eq!(error.retry_after(), Some(HOUR));
        // It is not for one caller to know the key of another.
        assert_eq!(error.key(), "other keys");
    }
    for _ in 0..3 {
        handle.next_request().await.expect("three go");
    }
    drop(calls);
    let shared = layer.handle().overflow();
    assert_eq!(shared.len(), 1);
    assert_eq!(shared[0].limits[0].used, 1);
    // Another such key would wait for it, and one of those that are known for itself.
    let headroom = |key| layer.handle().headroom(&key);
    assert_eq!(headroom("latest").wait(), HOUR);
    assert!(headroom("latest").left() <= 0.0);
    let mut known = layer.handle().keys();
    known.sort_unstable();
    assert_eq!(known, ["a", "b"]);
    // Those that have an account keep it, used up or not.
    let error = rejected(soon(service.clone().oneshot(request("b"))).await);
    assert_eq!(error.key(), "b");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_key_gets_its_own_account_once_another_is_idle() {
    let layer = one_an_hour().max_keys(1);
    let (mut service, mut handle) = service(&layer);
    for (key, known) in [("a", "a"), ("late", "a")] {
        let mut call = task::spawn(service.call(request(key)));
        assert_pending!(call.poll());
        drop((call, handle.next_request().await));
        assert_eq!(layer.handle().keys(), [known]);
    }
    tokio::time::advance(HOUR).await;
    let mut call = task::spawn(service.call(request("late")));
    assert_pending!(call.poll());
    assert_eq!(layer.handle().keys(), ["late"]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn only_keys_with_the_same_limits_share() {
    let limits = |key: &&'static str| -> Limits {
        Limit::calls(if key.starts_with("big") { 2 } else { 1 }, HOUR).into()
    };
    let layer = layer(limits).max_keys(0).max_wait(HOUR / 4);
    let (mut service, _handle) = service(&layer);
    let mut calls = ["small", "big"].map(|key| task::spawn(service.call(request(key))));
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    let mut second = task::spawn(service.call(request("big two")));
    assert_pending!(second.poll());
    rejected(soon(service.call(request("small two"))).await);
}
