//! Limits that this process itself enforces: nothing is learned, and nothing is tried.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::FutureExt;
use proptest::prelude::*;
use tower::{BoxError, Layer, Service, service_fn};
use tower_quota::{Ask, Limit, MeterKind, QuotaLayer, Rejected};

const SECOND: Duration = Duration::from_secs(1);

/// Calls that never wait, of the key 0.
fn service(
    limits: impl IntoIterator<Item = Limit>,
) -> (
    impl FnMut() -> Result<(), Duration>,
    tower_quota::Handle<u8>,
) {
    let limits: tower_quota::Limits = limits.into_iter().collect();
    let layer = QuotaLayer::new(limits, |_: &()| Ask::new(0)).max_wait(Duration::ZERO);
    let handle = layer.handle();
    let mut service = layer.layer(service_fn(|()| std::future::ready(Ok::<_, BoxError>(()))));
    let call = move || {
        let result = service.call(()).now_or_never().expect("no call waits");
        result.map_err(|error| {
            let rejected = error.downcast::<Rejected>().expect("a rejection");
            rejected.retry_after().expect("it fits some time")
        })
    };
    (call, handle)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn whole_amount_goes_at_once_and_nothing_more_in_the_period() {
    let (mut call, handle) = service([Limit::calls_per_minute(60).enforced()]);
    for _ in 0..60 {
        assert_eq!(call(), Ok(()));
    }
    assert_eq!(call(), Err(60 * SECOND));
    tokio::time::advance(59 * SECOND).await;
    assert_eq!(call(), Err(SECOND));
    tokio::time::advance(SECOND).await;
    for _ in 0..60 {
        assert_eq!(call(), Ok(()));
    }
    assert_eq!(call(), Err(60 * SECOND));
    assert_eq!(
        handle.snapshot(&0).unwrap().limits[0].meter,
        MeterKind::Window
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn hour_of_traffic_beyond_the_limit_never_gets_more() {
    let (mut call, _) = service([Limit::calls_per_minute(60).enforced()]);
    let mut gone = VecDeque::new();
    for second in 0..3_600_u64 {
        for _ in 0..3 {
            if call().is_ok() {
                gone.push_back(second);
            }
        }
        while gone.front().is_some_and(|at| at + 60 <= second) {
            gone.pop_front();
        }
        assert!(
            gone.len() <= 60,
            "{} in a minute, at {second} s",
            gone.len()
        );
        assert!(
            gone.len() >= 59 || second < 20,
            "{} at {second} s",
            gone.len()
        );
        tokio::time::advance(SECOND).await;
    }
}

#[test]
fn burst_and_margin_of_a_servers_limit_count_for_nothing() {
    let plain = Limit::calls_per_minute(60).enforced();
    assert_eq!(
        Limit::calls_per_minute(60)
            .burst(600)
            .margin(SECOND)
            .enforced(),
        plain
    );
    assert_eq!(Limit::calls_per_minute(60).probing().enforced(), plain);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_period_has_more_than_its_amount_and_a_period_later_there_is_room(
        amount in 1..40_u64,
        millis in 1..100_000_u64,
        pauses in prop::collection::vec((0..3_000_u64, 1..20_u32), 1..60),
    ) {
        let period = Duration::from_millis(millis);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let checked: Result<(), TestCaseError> = runtime.block_on(async {
            let (mut call, _) = service([Limit::calls(amount, period).enforced()]);
            // The plainest model: when each call went.
            let mut gone: Vec<tokio::time::Instant> = Vec::new();
            for (pause, calls) in pauses {
                tokio::time::advance(period * u32::try_from(pause).unwrap() / 1_000).await;
                for _ in 0..calls {
                    let now = tokio::time::Instant::now();
                    let in_period = gone.iter().filter(|at| now - **at < period).count() as u64;
                    // An entry leaves a 120th of the period late at most.
                    let late = period + period / 120 + Duration::from_nanos(1);
                    let counted = gone.iter().filter(|at| now - **at < late).count() as u64;
                    match call() {
                        Ok(()) => {
                            prop_assert!(in_period < amount);
                            gone.push(now);
                        }
                        Err(wait) => {
                            prop_assert!(counted >= amount);
                            prop_assert!(wait <= late);
                        }
                    }
                }
            }
            Ok(())
        });
        checked?;
    }
}
