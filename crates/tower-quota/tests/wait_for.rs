//! How long a call would wait, asked before it is made.

use std::time::Duration;

use tokio::time::{Instant, advance};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_quota::{Ask, Limit, QuotaLayer};

const SECOND: Duration = Duration::from_secs(1);

fn layer(
    limit: Limit,
) -> QuotaLayer<impl Fn(&u64) -> Ask<&'static str> + Clone, tower_quota::MemoryLedger<&'static str>>
{
    QuotaLayer::new(limit, |tokens: &u64| Ask::new("model").tokens(*tokens))
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_waits_as_long_as_it_was_said() {
    let layer = layer(Limit::tokens_per_minute(60_000).enforced());
    let handle = layer.handle();
    let service = layer.layer(service_fn(|tokens: u64| async move {
        Ok::<_, BoxError>(tokens)
    }));
    let call = |tokens| service.clone().oneshot(tokens);
    assert_eq!(handle.wait_for(&"model", 60_000), Duration::ZERO);
    for _ in 0..6 {
        assert_eq!(handle.wait_for(&"model", 10_000), Duration::ZERO);
        call(10_000).await.unwrap();
        advance(5 * SECOND).await;
    }
    for tokens in [1_000, 15_000, 40_000] {
        let told = handle.wait_for(&"model", tokens);
        let began = Instant::now();
        call(tokens).await.unwrap();
        assert!(told > SECOND, "{told:?}");
        assert!(began.elapsed().abs_diff(told) < SECOND / 100, "{told:?}");
    }
    // Those who wait count.
    let line: Vec<_> = (0..3).map(|_| tokio::spawn(call(50_000))).collect();
    tokio::task::yield_now().await;
    let told = handle.wait_for(&"model", 2_000);
    let began = Instant::now();
    call(2_000).await.unwrap();
    assert!(told > 100 * SECOND, "{told:?}");
    let waited = began.elapsed();
    assert!(waited.abs_diff(told) < told / 2, "{told:?}, {waited:?}");
    for waiter in line {
        waiter.await.unwrap().unwrap();
    }
}

/// It may go sooner, as a trial of what the server holds, and not later.
#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn nothing_is_promised_that_only_a_trial_would_keep() {
    let layer = layer(Limit::tokens_per_minute(60_000).burst(5_000));
    let handle = layer.handle();
    let service = layer.layer(service_fn(|_: u64| async { Ok::<_, BoxError>(()) }));
    service.clone().oneshot(5_000).await.unwrap();
    for tokens in [1_000, 2_500, 4_000] {
        let told = handle.wait_for(&"model", tokens);
        let began = Instant::now();
        service.clone().oneshot(tokens).await.unwrap();
        let waited = began.elapsed();
        assert!(waited <= told + SECOND / 100, "{told:?}, {waited:?}");
        assert_eq!(waited.is_zero(), told.is_zero());
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_has_no_end_where_no_call_goes() {
    let layer = layer(Limit::tokens_per_minute(60_000));
    let handle = layer.handle();
    assert_eq!(
        handle.wait_for(&"model", 1_000_000),
        Duration::ZERO,
        "nobody has used it"
    );
    assert!(handle.keys().is_empty());
    let service = layer.layer(service_fn(|_: u64| async { Ok::<_, BoxError>(()) }));
    service.oneshot(1).await.unwrap();
    assert_eq!(handle.wait_for(&"model", 1_000_000), Duration::MAX);
    handle.set_limits(&"model", Limit::tokens_per_minute(0));
    assert_eq!(handle.wait_for(&"model", 1), Duration::MAX);
    handle.set_limits(&"model", Limit::tokens_per_minute(60_000));
    assert_eq!(handle.wait_for(&"model", 1), Duration::ZERO);
    handle.close();
    assert_eq!(handle.wait_for(&"model", 1), Duration::MAX);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn to_ask_allocates_nothing_and_reserves_nothing() {
    let layer = layer(Limit::tokens_per_minute(60_000).burst(5_000));
    let handle = layer.handle();
    let service = layer.layer(service_fn(|_: u64| async { Ok::<_, BoxError>(()) }));
    let call = |tokens| service.clone().oneshot(tokens);
    call(5_000).await.unwrap();
    let line: Vec<_> = (0..10).map(|_| tokio::spawn(call(2_000))).collect();
    tokio::task::yield_now().await;
    let told = handle.wait_for(&"model", 2_000);
    let asked = allocation_counter::measure(|| {
        for _ in 0..1000 {
            assert_eq!(handle.wait_for(&"model", 2_000), told);
            assert_eq!(handle.wait_for(&"nobody's", 2_000), Duration::ZERO);
            assert_eq!(handle.wait_for(&"model", 1_000_000), Duration::MAX);
        }
    });
    assert_eq!(asked.count_total, 0);
    advance(SECOND).await;
    assert!(told.abs_diff(handle.wait_for(&"model", 2_000) + SECOND) < SECOND / 100);
    for waiter in line {
        waiter.await.unwrap().unwrap();
    }
}
