//! `tower::balance` sends calls where the quota has room.

mod support;

use std::cmp::Reverse;
use std::time::Duration;

use support::{HOUR, Layered, Request, SECOND, Words, layer, soon, tokens, tokens_an_hour};
use tokio_test::task;
use tower::balance::p2c::Balance;
use tower::discover::ServiceList;
use tower::load::Load;
use tower::util::BoxCloneService;
use tower::{BoxError, Layer, Service as _, ServiceExt, service_fn};
use tower_quota::{Limit, Loaded, Quota};

type Region = Loaded<BoxCloneService<Request, &'static str, BoxError>, &'static str>;

/// Answers with its name.
fn region(layer: &Layered, name: &'static str) -> Region {
    let inner = service_fn(move |_: Request| async move { Ok(name) });
    let service: Quota<_, Words, _> = layer.layer(inner);
    Loaded::new(BoxCloneService::new(service), layer.handle(), "")
}

/// Which of two regions each of so many calls went to, one after the other.
async fn calls(regions: [Region; 2], count: usize, each: u64) -> [usize; 2] {
    let mut balance = Balance::new(ServiceList::new(regions));
    let mut went = [0; 2];
    for _ in 0..count {
        let ready = balance.ready().await.expect("always ready");
        let name = soon(ready.call(tokens(each))).await.expect("no rejection");
        went[usize::from(name == "there")] += 1;
    }
    went
}

fn limits(calls: u64) -> Layered {
    layer(Limit::calls(calls, HOUR).margin(Duration::ZERO))
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn calls_go_where_there_is_room() {
    let (here, there) = (limits(100), limits(100));
    let full = here.layer(service_fn(|_: Request| async { Ok::<_, BoxError>("fine") }));
    for _ in 0..60 {
        full.clone().oneshot(tokens(0)).await.unwrap();
    }
    let regions = [region(&here, "here"), region(&there, "there")];
    assert_eq!(calls(regions, 60, 0).await, [0, 60]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn regions_are_used_in_proportion_to_their_limits() {
    let (here, there) = (limits(100), limits(300));
    let regions = [region(&here, "here"), region(&there, "there")];
    assert_eq!(calls(regions, 400, 0).await, [100, 300]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_region_whose_tokens_are_used_up_is_left_alone() {
    let limits = |tokens| layer([Limit::calls(1000, HOUR), Limit::tokens(tokens, HOUR)]);
    let (here, there) = (limits(1_000), limits(100_000));
    let regions = [region(&here, "here"), region(&there, "there")];
    let [here, there] = calls(regions, 500, 100).await;
    assert!(here <= 10 && there >= 490, "{here} {there}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn those_who_wait_and_a_smaller_share_count() {
    let layer = limits(60);
    let loaded = region(&layer, "here");
    let handle = layer.handle();
    assert_eq!(handle.headroom(&"").wait(), Duration::ZERO);
    let mut before = loaded.load();
    let mut waiting = Vec::new();
    for number in 0..70_u32 {
        let mut call = task::spawn(loaded.clone().call(tokens(0)));
        let _ = call.poll();
        waiting.push(call);
        let load = loaded.load();
        assert!(load > before, "{load:?} {before:?}");
        before = load;
        let left = handle.headroom(&"").left();
        assert!((left - (1.0 - f64::from(number + 1) / 60.0)).abs() < 1e-9);
    }
    // Sixty in the first hour, and so the eleventh of those who wait in the next.
    assert_eq!(handle.headroom(&"").wait(), HOUR);
    drop(waiting);

    let [slow, fast] = [(); 2].map(|()| support::layer(Limit::calls_per_minute(60).burst(60)));
    let fine = service_fn(|_: Request| async { Ok::<_, BoxError>("fine") });
    for layer in [&slow, &fast] {
        soon(layer.layer(fine).oneshot(tokens(0))).await.unwrap();
        tokio::time::advance(2 * SECOND).await;
    }
    // As much was admitted before, so it is others who use the quota.
    let throttled = service_fn(|_: Request| async { Err::<&str, BoxError>("throttled".into()) });
    soon(slow.layer(throttled).oneshot(tokens(0)))
        .await
        .unwrap_err();
    for layer in [&slow, &fast] {
        tokio::time::advance(30 * SECOND).await;
        soon(layer.layer(fine).oneshot(tokens(0))).await.unwrap();
    }
    let [slow, fast] = [&slow, &fast].map(|layer| region(layer, "").load());
    assert!(slow > fast, "{slow:?} {fast:?}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_key_that_is_closed_for_the_day_is_the_last_choice() {
    let there = layer(Limit::calls_per_minute(60).window());
    let here = limits(600);
    let exhausted = service_fn(|_: Request| async { Err::<&str, BoxError>("exhausted".into()) });
    soon(here.layer(exhausted).oneshot(tokens(0)))
        .await
        .unwrap_err();
    assert_eq!(here.handle().headroom(&"").wait(), HOUR);
    let regions = [region(&here, "here"), region(&there, "there")];
    assert!(regions[0].load() > regions[1].load());
    // Also when the other has some waiting.
    assert_eq!(calls(regions, 100, 0).await, [0, 100]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_is_typical_is_what_calls_asked_for_of_late() {
    // As much is left of both, enough for the one's calls and too little for the other's.
    for (calls, each, wait) in [(40, 50, Duration::ZERO), (20, 100, HOUR)] {
        let layer = layer(tokens_an_hour(2075));
        let loaded = region(&layer, "here");
        for _ in 0..calls {
            soon(loaded.clone().call(tokens(each))).await.unwrap();
        }
        let Reverse(headroom) = loaded.load();
        assert_eq!(headroom.wait(), wait);
    }
}
