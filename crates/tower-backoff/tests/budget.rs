//! One budget for everything a layer makes.

mod support;

use std::time::Duration;

use support::{Req, plain_layer, soon};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_backoff::{Backoff, BackoffLayer, Budget, Overrides, Replay};

/// `burst` retries and no income, no wait.
fn layer(burst: u64) -> BackoffLayer<support::Judge> {
    plain_layer()
        .transient(Backoff::new(Duration::ZERO, Duration::ZERO))
        .budget(Budget::ratio(0, 1).floor_per_second(0).burst(burst))
        .max_attempts(10)
}

async fn fails(_: Req) -> Result<Req, BoxError> {
    Err("transient".into())
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn services_and_clones_of_a_layer_share_the_budget() {
    let layer = layer(5);
    let first = layer.layer(service_fn(fails));
    let second = layer.clone().layer(service_fn(fails));
    let handle = layer.handle();

    soon(first.clone().oneshot("a")).await.unwrap_err();
    assert_eq!(handle.snapshot().retries(), 5);
    assert_eq!(handle.snapshot().budget_left, Some(0));
    soon(first.oneshot("b")).await.unwrap_err();
    soon(second.oneshot("c")).await.unwrap_err();
    let counts = handle.snapshot();
    assert_eq!((counts.attempts, counts.retries()), (8, 5));
    assert_eq!((counts.gave_up_budget, counts.gave_up()), (3, 3));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn traffic_pays_for_its_exact_fraction_of_retries() {
    let budget = Budget::ratio(3, 5).floor_per_second(0).burst(2);
    let layer = layer(0).budget(budget).max_attempts(2);
    let service = layer.layer(service_fn(fails));
    for _ in 0..101 {
        soon(service.clone().oneshot("hello")).await.unwrap_err();
    }
    // Two from the burst, which the first call finds full, and three fifths of a hundred.
    assert_eq!(layer.handle().snapshot().retries(), 2 + 60);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn every_second_adds_the_floor() {
    let layer = layer(0).budget(Budget::ratio(0, 1).floor_per_second(2).burst(4));
    let service = layer.layer(service_fn(fails));
    soon(service.clone().oneshot("hello")).await.unwrap_err();
    assert_eq!(layer.handle().snapshot().retries(), 4);
    for (ms, retries) in [(499, 4), (1, 5), (1_000, 7), (3_600_000, 11)] {
        tokio::time::advance(Duration::from_millis(ms)).await;
        soon(service.clone().oneshot("hello")).await.unwrap_err();
        assert_eq!(layer.handle().snapshot().retries(), retries);
    }
}

/// Weighs a request by its length.
#[derive(Clone)]
struct ByLength;

impl Replay<Req> for ByLength {
    fn replay(&self, request: &Req) -> Option<Req> {
        Some(request)
    }

    fn overrides(&self, request: &Req) -> Overrides {
        Overrides::new().weight(request.len() as u64)
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_heavy_call_costs_more_than_a_light_one() {
    let layer = layer(100).replay(ByLength);
    let service = layer.layer(service_fn(fails));
    let light = "1234";
    let heavy = "a prompt that is about fifty characters long, or so";
    soon(service.clone().oneshot(light)).await.unwrap_err();
    assert_eq!(layer.handle().snapshot().budget_left, Some(100 - 9 * 4));
    soon(service.clone().oneshot(heavy)).await.unwrap_err();
    assert_eq!(layer.handle().snapshot().retries(), 9 + 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn heavy_traffic_earns_by_its_weight() {
    let earns = Budget::ratio(1, 2).floor_per_second(0).burst(8);
    let layer = layer(0).budget(earns).replay(ByLength).max_attempts(9);
    let works = layer.layer(service_fn(|_: Req| async { Ok::<_, BoxError>("fine") }));
    let broken = layer.layer(service_fn(fails));
    soon(broken.clone().oneshot("12345678")).await.unwrap_err();
    assert_eq!(layer.handle().snapshot().retries(), 1);
    assert_eq!(layer.handle().snapshot().budget_left, Some(0));
    soon(works.oneshot("123456")).await.unwrap();
    assert_eq!(layer.handle().snapshot().budget_left, Some(3));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_unlimited_budget_always_pays() {
    let layer = layer(0).budget(Budget::unlimited()).max_attempts(1_000);
    let service = layer.layer(service_fn(fails));
    soon(service.oneshot("hello")).await.unwrap_err();
    let counts = layer.handle().snapshot();
    assert_eq!((counts.attempts, counts.budget_left), (1_000, None));
}
