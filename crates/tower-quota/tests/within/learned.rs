//! What is tried on the outer key is learned there.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_quota::{Ask, Cost, Limit, QuotaLayer, Settle};

use crate::{Call, HOUR, Key, MINUTE, SECOND};

/// A server that admits 60,000 tokens in any minute, in whatever model.
#[derive(Default)]
struct Server {
    admitted: Mutex<VecDeque<Instant>>,
    throttled: AtomicU64,
}

impl Server {
    async fn call(self: Arc<Self>, _: Call) -> Result<(), BoxError> {
        let fits = {
            let now = Instant::now();
            let mut admitted = self.admitted.lock().expect("no panic");
            admitted.retain(|at| now - *at < MINUTE);
            let fits = admitted.len() < 60;
            if fits {
                admitted.push_back(now);
            }
            fits
        };
        sleep(SECOND / 20).await;
        if !fits {
            self.throttled.fetch_add(1, Ordering::Relaxed);
            return Err("throttled".into());
        }
        sleep(SECOND).await;
        Ok(())
    }
}

#[derive(Clone)]
struct Told;

impl Cost<Call, (), BoxError> for Told {
    type Key = Key;
    type Context = ();

    fn ask(&self, call: &Call) -> (Ask<Key>, ()) {
        let ask = Ask::new(call.key).tokens(call.tokens).within("account");
        (ask, ())
    }

    fn settle(&self, (): &(), result: &mut Result<(), BoxError>) -> Settle {
        match result {
            Ok(()) => Settle::Reserved,
            Err(_) => Settle::throttled(),
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_the_other_key_tries_is_learned_there() {
    let layer = QuotaLayer::new(Limit::tokens_per_minute(60_000), Told);
    let server = Arc::<Server>::default();
    let inner = Arc::clone(&server);
    let service = layer.layer(service_fn(move |call| Arc::clone(&inner).call(call)));
    let calls = (0..600).map(|number| {
        let service = service.clone();
        async move {
            let key = ["a", "b", "c", "d"][number % 4];
            while service.clone().oneshot(Call::of(key, 1000)).await.is_err() {
                sleep(SECOND / 2).await;
            }
        }
    });
    let start = Instant::now();
    timeout(HOUR, join_all(calls)).await.expect("all go");
    assert!(start.elapsed() < 11 * MINUTE, "{:?}", start.elapsed());
    let throttled = server.throttled.load(Ordering::Relaxed);
    assert!(throttled <= 20, "{throttled} of 600 were throttled");
}
