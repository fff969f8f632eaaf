//! Limits that nobody told, or told wrong: little is refused on a guess.

mod support;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use support::{Request, SECOND, layer, rejected, soon, tokens};
use tokio::time::{Instant, sleep};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_quota::{Ask, Cause, Cost, Limit, Limits, QuotaLayer, Settle, Unit};

/// A service without limits, whose answers take so long.
async fn callers(layer: support::Layered, count: usize, takes: Duration) -> (usize, Duration) {
    let service = layer.layer(service_fn(move |_: Request| async move {
        sleep(takes).await;
        Ok::<_, BoxError>("used 1000")
    }));
    let start = Instant::now();
    let calls = (0..count).map(|_| {
        service.clone().oneshot(Request {
            deadline: Some(start + 60 * SECOND),
            ..tokens(1000)
        })
    });
    let results = soon(join_all(calls)).await;
    let ok = results.iter().filter(|result| result.is_ok()).count();
    (ok, start.elapsed())
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_service_without_limits_is_sent_all_that_comes() {
    for takes in [SECOND / 100, SECOND, 59 * SECOND] {
        for layer in [
            layer(Limits::unknown()),
            layer(Limits::unknown()).max_wait(Duration::ZERO),
            layer(Limits::unknown()).max_queue(0),
        ] {
            assert_eq!(callers(layer, 2000, takes).await, (2000, takes));
        }
    }
}

/// A server that admits so many tokens in any minute.
struct Server {
    admitted: Mutex<VecDeque<(Instant, u64)>>,
    per_minute: u64,
}

impl Server {
    fn new(per_minute: u64) -> Arc<Self> {
        let admitted = Mutex::default();
        Arc::new(Self {
            admitted,
            per_minute,
        })
    }

    async fn call(self: Arc<Self>, request: Request) -> Result<&'static str, BoxError> {
        let now = Instant::now();
        let fits = {
            let mut admitted = self.admitted.lock().expect("no panic");
            admitted.retain(|(at, _)| now - *at < 60 * SECOND);
            let sum: u64 = admitted.iter().map(|(_, tokens)| tokens).sum();
            let fits = sum + request.tokens <= self.per_minute;
            if fits {
                admitted.push_back((now, request.tokens));
            }
            fits
        };
        sleep(SECOND / 20).await;
        if !fits {
            return Err("throttled".into());
        }
        sleep(SECOND).await;
        Ok("fine")
    }
}

/// As a retry layer does that heeds hints, for twelve attempts. Says how many it took.
async fn get_through(
    service: impl tower::Service<Request, Response = &'static str, Error = BoxError> + Clone,
    request: Request,
) -> Result<u32, (BoxError, u32)> {
    for attempt in 1..12 {
        let Err(error) = service.clone().oneshot(request.clone()).await else {
            return Ok(attempt);
        };
        let text = error.to_string();
        let Some(wait) = text.strip_prefix("throttled, wait ") else {
            return Err((error, attempt));
        };
        let wait = wait.trim_end_matches("ms").parse().expect("a number");
        sleep(Duration::from_millis(wait).max(SECOND / 2)).await;
    }
    Err(("too many attempts".into(), 12))
}

/// A thousand tokens every so often for a quarter of an hour, beside large calls that come together
/// after two minutes. Returns the longest time of a small one, and what became of the large ones.
async fn beside(
    per_minute: u64,
    every: Duration,
    large: &[u64],
) -> (Duration, Vec<Result<u32, (BoxError, u32)>>, Duration) {
    beside_told(Limits::unknown(), per_minute, every, large).await
}

async fn beside_told(
    limits: Limits,
    per_minute: u64,
    every: Duration,
    large: &[u64],
) -> (Duration, Vec<Result<u32, (BoxError, u32)>>, Duration) {
    let server = Server::new(per_minute);
    let layer = layer(limits);
    let service = layer.layer(service_fn(move |request| Arc::clone(&server).call(request)));
    let small = (0..900).map(|number| {
        let service = service.clone();
        async move {
            sleep(every * number).await;
            let start = Instant::now();
            let result = get_through(service, tokens(1000)).await;
            result.expect("a small call goes through");
            start.elapsed()
        }
    });
    let large = large.iter().map(|&size| {
        let service = service.clone();
        async move {
            sleep(120 * SECOND).await;
            let start = Instant::now();
            (get_through(service, tokens(size)).await, start.elapsed())
        }
    });
    let (small, large) = soon(async { tokio::join!(join_all(small), join_all(large)) }).await;
    let (results, times): (Vec<_>, Vec<_>) = large.into_iter().unzip();
    let longest = small.into_iter().max().expect("there are some");
    (
        longest,
        results,
        times.into_iter().max().unwrap_or_default(),
    )
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_larger_than_the_quota_is_rejected_and_small_ones_do_not_notice() {
    // Little load, as much as there is, and more.
    for every in [6 * SECOND, SECOND * 60 / 49, SECOND] {
        let (without, ..) = beside(50_000, every, &[]).await;
        for large in [&[64_000][..], &[64_000, 64_100, 90_000]] {
            let (with, results, took) = beside(50_000, every, large).await;
            for result in results {
                let (error, attempts) = result.expect_err("it never fits");
                let error = rejected(Err(error));
                let Cause::SeemsTooLarge { tokens, answered } = *error.cause() else {
                    panic!("{error}");
                };
                assert!(tokens >= 64_000 && answered == 1000, "{error}");
                assert_eq!(error.retry_after(), None);
                assert!(attempts <= 8, "{attempts} attempts");
            }
            // Each attempt waits its turn where there is more to do than the quota allows.
            let waits = every == SECOND;
            assert!(waits || took < 65 * SECOND, "{took:?} every {every:?}");
            assert!(
                with <= without + SECOND,
                "{with:?}, not {without:?}, every {every:?}"
            );
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_large_call_that_fits_goes_through() {
    for (every, large) in [(6 * SECOND, 40_000), (3 * SECOND, 25_000), (SECOND, 45_000)] {
        let (_, results, _) = beside(50_000, every, &[large]).await;
        assert!(results[0].is_ok(), "{large} every {every:?}: {results:?}");
    }
}

/// Calls that ask for no tokens, of which the server says once that it is short of those.
#[derive(Clone)]
struct NoTokens;

impl Cost<(), (), BoxError> for NoTokens {
    type Key = u64;
    type Context = ();

    fn ask(&self, (): &()) -> (Ask<u64>, ()) {
        (Ask::new(0), ())
    }

    fn settle(&self, (): &(), result: &mut Result<(), BoxError>) -> Settle {
        match result {
            Ok(()) => Settle::Reserved,
            Err(_) => Settle::short_of(Unit::Tokens),
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_limit_that_calls_ask_nothing_of_does_not_hold_them_for_ever() {
    let start = Instant::now();
    let layer = QuotaLayer::new(Limits::unknown(), NoTokens);
    let service = layer.layer(service_fn(move |()| async move {
        let first = start.elapsed() < SECOND;
        sleep(if first { SECOND / 20 } else { 10 * SECOND }).await;
        if first {
            Err("short".into())
        } else {
            Ok::<_, BoxError>(())
        }
    }));
    let throttled = service.clone().oneshot(()).await;
    assert!(throttled.is_err());
    sleep(SECOND).await;
    let calls = (0..600).map(|_| service.clone().oneshot(()));
    let results = soon(join_all(calls)).await;
    assert!(results.iter().all(Result::is_ok));
    assert!(start.elapsed() < 15 * SECOND, "{:?}", start.elapsed());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_larger_than_the_quota_ends_soon_where_too_much_is_told() {
    let told = || Limit::tokens_per_minute(200_000).into();
    for every in [6 * SECOND, SECOND * 60 / 49, SECOND] {
        let (without, ..) = beside_told(told(), 50_000, every, &[]).await;
        for large in [&[64_000][..], &[64_000, 64_100, 65_000]] {
            let (with, results, took) = beside_told(told(), 50_000, every, large).await;
            for result in results {
                let (error, _) = result.expect_err("it never fits");
                let error = rejected(Err(error));
                assert!(
                    matches!(error.cause(), Cause::SeemsTooLarge { answered: 1000, .. }),
                    "{error}"
                );
            }
            assert!(took < 240 * SECOND, "{took:?} every {every:?}");
            // Each time that it is sent the small ones wait until there is room for it by what is told.
            let most = without + SECOND * if every == 6 * SECOND { 20 } else { 65 };
            assert!(with < most, "{with:?}, not {without:?}, every {every:?}");
        }
    }
}

/// How long the calls of others take after one was throttled with a hint of so many seconds, by a
/// service without limits that had answered some `before`.
async fn after_one_hint(hint: u32, before: usize) -> Vec<Duration> {
    let next = Arc::new(Mutex::new("used 1000".to_owned()));
    let answers = Arc::clone(&next);
    let service = layer(Limits::unknown()).layer(service_fn(move |_: Request| {
        let text = std::mem::replace(&mut *answers.lock().expect("no panic"), "used 1000".into());
        async move {
            sleep(SECOND / 10).await;
            match text.as_str() {
                "used 1000" => Ok("used 1000"),
                _ => Err::<_, BoxError>(text.into()),
            }
        }
    }));
    let call = || service.clone().oneshot(tokens(1000));
    for _ in 0..before {
        soon(call()).await.expect("an answer");
    }
    *next.lock().expect("no panic") = format!("throttled {hint}");
    soon(call()).await.expect_err("throttled");
    let start = Instant::now();
    let calls = (0..100).map(|_| async {
        call().await.expect("an answer");
        start.elapsed()
    });
    soon(join_all(calls)).await
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_time_of_a_hint_is_not_taken_for_the_rate_of_the_service() {
    for hint in [1, 5, 30, 60] {
        for before in [0, 200] {
            let took = after_one_hint(hint, before).await;
            let (tenth, last) = (took[9].as_secs_f64(), took[99].as_secs_f64());
            let held = f64::from(hint);
            assert!(tenth < 1.5 * held + 5.0, "{hint} s, {before}: {tenth} s");
            assert!(last < 2.0 * held + 25.0, "{hint} s, {before}: {last} s");
        }
    }
}
