//! How long a call waits for two keys, and what lets it go.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_quota::{Ask, Cause, Cost, Limit, Limits, QuotaLayer, Rejected, Settle};

use crate::{HOUR, Key, MINUTE, SECOND};

/// Why the second of two calls was rejected.
async fn one_after_another(layer: QuotaLayer<Patient, tower_quota::MemoryLedger<Key>>) -> Cause {
    let service = layer.layer(service_fn(|()| async { Ok::<_, BoxError>(()) }));
    // One an hour of the account and one in two hours of the model: the second call waits for both.
    service.clone().oneshot(()).await.expect("it fits");
    let start = Instant::now();
    let call = timeout(100 * HOUR, service.oneshot(()));
    let error = call.await.expect("it is bound").expect_err("it is bound");
    assert!(start.elapsed() <= HOUR * 3 / 2);
    let rejected: &Rejected = error.downcast_ref().expect("the rejection is `Rejected`");
    rejected.cause().clone()
}

/// Bounds the wait of each call, or leaves it to the layer.
#[derive(Clone)]
struct Patient(Option<Duration>);

impl Cost<(), (), BoxError> for Patient {
    type Key = Key;
    type Context = ();

    fn ask(&self, (): &()) -> (Ask<Key>, ()) {
        let ask = Ask::new("model").within("account");
        (self.0.map_or(ask.clone(), |wait| ask.max_wait(wait)), ())
    }

    fn settle(&self, (): &(), _: &mut Result<(), BoxError>) -> Settle {
        Settle::Used(0)
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_longest_wait_is_one_for_both_keys() {
    let limits = |key: &Key| {
        let period = if *key == "account" { HOUR } else { 2 * HOUR };
        Limits::from(Limit::calls(1, period).margin(Duration::ZERO))
    };
    let bound = HOUR * 3 / 2;
    let by_layer = QuotaLayer::new(limits, Patient(None)).max_wait(bound);
    let by_call = QuotaLayer::new(limits, Patient(Some(bound)));
    let by_both = QuotaLayer::new(limits, Patient(Some(2 * bound))).max_wait(bound);
    for layer in [by_layer, by_call, by_both] {
        assert_eq!(one_after_another(layer).await, Cause::MaxWait);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn new_limits_of_the_outer_key_let_those_go_who_wait_there() {
    let limits = |key: &Key| {
        let calls = if *key == "account" { 1 } else { 100 };
        Limits::from(Limit::calls(calls, HOUR).window().margin(Duration::ZERO))
    };
    let layer = QuotaLayer::new(limits, Patient(None));
    let handle = layer.handle();
    let service = layer.layer(service_fn(|()| async { Ok::<_, BoxError>(()) }));
    let start = Instant::now();
    let calls = join_all((0..5).map(|_| service.clone().oneshot(())));
    let raise = async {
        sleep(MINUTE).await;
        assert_eq!(handle.snapshot(&"account").expect("it is known").queued, 4);
        handle.set_limits(&"account", Limit::calls(5, HOUR).window());
    };
    let (results, ()) = tokio::join!(calls, raise);
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(start.elapsed(), MINUTE);

    // And fewer turn those away who wait and can go no more.
    let (call, ()) = tokio::join!(service.oneshot(()), async {
        sleep(SECOND).await;
        handle.set_all_limits(|key: &Key| match *key {
            "account" => Limits::from(Limit::calls(0, HOUR)),
            _ => Limits::from(Limit::calls(100, HOUR)),
        });
    });
    let error = call.expect_err("it never fits");
    let rejected: &Rejected = error.downcast_ref().expect("the rejection is `Rejected`");
    assert!(matches!(rejected.cause(), Cause::TooLarge { .. }));
    assert_eq!(start.elapsed(), MINUTE + SECOND);
}
