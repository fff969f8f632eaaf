//! A call that a layer below refused has not been made: it costs time, and nothing else.

mod support;

use std::{
    future::{Future, ready},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt, future::join_all};
use support::{Req, next, plain_layer, soon};
use tokio::time::{Instant, sleep};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};
use tower_backoff::{BackoffLayer, Budget, Classify, Overrides, Replay, Snapshot, Verdict};
use tower_test::mock;

const LIMIT: Duration = Duration::from_secs(5);

/// Answers with these one after the other, then with the last of them for ever.
fn says(
    words: Vec<&'static str>,
) -> (
    impl Service<
        Req,
        Response = Req,
        Error = BoxError,
        Future = impl Future<Output = Result<Req, BoxError>> + Send,
    > + Clone
    + Send,
    Arc<AtomicU64>,
) {
    let calls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&calls);
    let service = service_fn(move |_: Req| {
        let n = counted.fetch_add(1, Ordering::Relaxed) as usize;
        ready(Ok::<_, BoxError>(
            *words.get(n).unwrap_or(&words[words.len() - 1]),
        ))
    });
    (service, calls)
}

fn spent(counts: &Snapshot) -> (u64, u64, Option<u64>) {
    (counts.attempts, counts.retries(), counts.budget_left)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn rejections_cost_neither_attempts_nor_budget() {
    // One attempt is left for the second failure, and the budget pays for one retry.
    let layer = plain_layer()
        .max_attempts(2)
        .budget(Budget::ratio(0, 1).floor_per_second(0).burst(1));
    let (service, calls) = says(vec![
        "rejected",
        "rejected",
        "transient",
        "rejected",
        "rejected",
        "fine",
    ]);
    assert_eq!(
        soon(layer.layer(service).oneshot("hello")).await.unwrap(),
        "fine"
    );
    assert_eq!(calls.load(Ordering::Relaxed), 6);
    let counts = layer.handle().snapshot();
    assert_eq!(spent(&counts), (2, 1, Some(0)));
    assert_eq!((counts.rejected, counts.gave_up()), (4, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_waits_five_seconds_in_all_however_often_it_is_refused() {
    for (word, seed) in [
        "rejected",
        "rejected 0ms",
        "rejected 700ms",
        "rejected 4900ms",
    ]
    .into_iter()
    .flat_map(|word| (0..250).map(move |seed| (word, seed)))
    {
        let layer = plain_layer().seed(seed);
        let (service, calls) = says(vec![word]);
        let started = Instant::now();
        assert_eq!(
            soon(layer.layer(service).oneshot("hello")).await.unwrap(),
            word
        );
        let (took, calls) = (started.elapsed(), calls.load(Ordering::Relaxed));
        // The timer rounds each wait up to a millisecond.
        assert!(took <= LIMIT + Duration::from_millis(calls), "{took:?}");
        // A hint that no longer fits ends the call early, and only that does.
        let longest = Duration::from_millis(match word {
            "rejected 700ms" => 700,
            "rejected 4900ms" => 1_000,
            _ => 0,
        });
        assert!(took + longest >= LIMIT, "{word}: {took:?}");
        assert!((2..=51).contains(&calls), "{word}: {calls} calls");
        let counts = layer.handle().snapshot();
        assert_eq!(spent(&counts), (1, 0, Some(100)));
        assert_eq!((counts.gave_up_rejected, counts.gave_up()), (1, 1));
        assert_eq!(counts.rejected, calls);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_wait_is_at_least_the_hint_or_a_tenth_of_a_second_and_at_most_a_second_longer() {
    for (word, least) in [
        ("rejected", 100),
        ("rejected 10ms", 100),
        ("rejected 2000ms", 2_000),
    ] {
        for seed in 0..50 {
            let layer = plain_layer().seed(seed);
            let (service, _) = says(vec![word, "fine"]);
            let started = Instant::now();
            assert_eq!(
                soon(layer.layer(service).oneshot("hello")).await.unwrap(),
                "fine"
            );
            let took = started.elapsed().as_millis();
            assert!((least..=least + 1_001).contains(&took), "{word}: {took} ms");
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_longer_hint_ends_the_call_at_once() {
    let layer = plain_layer();
    let (service, calls) = says(vec!["rejected 5001ms"]);
    let started = Instant::now();
    assert_eq!(
        soon(layer.layer(service).oneshot("hello")).await.unwrap(),
        "rejected 5001ms"
    );
    assert_eq!(
        (started.elapsed(), calls.load(Ordering::Relaxed)),
        (Duration::ZERO, 1)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_retry_that_is_refused_for_good_gets_its_budget_back() {
    let layer = plain_layer().budget(Budget::ratio(0, 1).floor_per_second(0).burst(9));
    let (service, _) = says(vec!["transient", "rejected", "rejected 9000ms"]);
    soon(layer.layer(service).oneshot("hello")).await.unwrap();
    let counts = layer.handle().snapshot();
    assert_eq!((counts.gave_up_rejected, counts.budget_left), (1, Some(9)));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_last_attempt_may_be_refused_and_made_again() {
    let layer = plain_layer().max_attempts(2);
    let (service, _) = says(vec!["transient", "rejected", "transient", "fine"]);
    assert_eq!(
        soon(layer.layer(service).oneshot("hello")).await.unwrap(),
        "transient"
    );
    let counts = layer.handle().snapshot();
    assert_eq!(
        (counts.attempts, counts.rejected, counts.gave_up_attempts),
        (2, 1, 1)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_of_one_attempt_and_one_without_patience_fail_fast() {
    for layer in [
        plain_layer().max_attempts(1),
        plain_layer().rejected_wait(Duration::ZERO),
    ] {
        let (service, calls) = says(vec!["rejected"]);
        let started = Instant::now();
        assert_eq!(
            soon(layer.layer(service).oneshot("hello")).await.unwrap(),
            "rejected"
        );
        assert_eq!(
            (started.elapsed(), calls.load(Ordering::Relaxed)),
            (Duration::ZERO, 1)
        );
        let counts = layer.handle().snapshot();
        assert_eq!(counts.gave_up_rejected + counts.gave_up_attempts, 1);
        assert_eq!((counts.rejected, counts.gave_up()), (1, 1));
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_may_wait_longer_or_as_long_as_the_deadline_lets_it() {
    let patient = plain_layer().rejected_wait(Duration::from_secs(600));
    let (service, _) = says(vec!["rejected 60000ms", "rejected 60000ms", "fine"]);
    assert_eq!(
        soon(patient.layer(service).oneshot("hello")).await.unwrap(),
        "fine"
    );

    let layer = plain_layer()
        .rejected_wait(Duration::MAX)
        .deadline(Duration::from_secs(30));
    let (service, _) = says(vec!["rejected"]);
    let started = Instant::now();
    assert_eq!(
        soon(layer.layer(service).oneshot("hello")).await.unwrap(),
        "rejected"
    );
    assert!(
        (29..=30).contains(&started.elapsed().as_secs()),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(layer.handle().snapshot().gave_up_deadline, 1);
}

/// Each request has a deadline of its own.
#[derive(Clone)]
struct Until(Instant);

impl Replay<Req> for Until {
    fn replay(&self, request: &Req) -> Option<Req> {
        Some(request)
    }

    fn overrides(&self, _: &Req) -> Overrides {
        Overrides::new().deadline(self.0)
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_rejection_that_the_deadline_outruns_ends_the_call_at_once() {
    let (inner, mut handle) = mock::pair();
    let soon_over = Until(Instant::now() + Duration::from_millis(1_500));
    let layer = plain_layer().replay(soon_over);
    let started = Instant::now();
    let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));
    next(&mut handle, "hello")
        .await
        .send_error("rejected 1500ms");
    assert_eq!(
        answer.await.unwrap().unwrap_err().to_string(),
        "rejected 1500ms"
    );
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(layer.handle().snapshot().gave_up_deadline, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn callers_refused_together_come_back_apart() {
    let layer = plain_layer();
    let came = Arc::new(std::sync::Mutex::new(Vec::new()));
    let started = Instant::now();
    let (seen, at) = (Arc::clone(&came), move || started.elapsed().as_millis());
    let service = layer.layer(service_fn(move |_: Req| {
        let first = at() == 0;
        seen.lock().unwrap().push(at());
        ready(Ok::<_, BoxError>(if first {
            "rejected 1000ms"
        } else {
            "fine"
        }))
    }));
    let calls = (0..100).map(|_| soon(service.clone().oneshot("hello")));
    assert!(
        join_all(calls)
            .await
            .iter()
            .all(|answer| matches!(answer, Ok("fine")))
    );
    let mut back = came.lock().unwrap().split_off(100);
    assert!(
        back.iter().all(|ms| (1_000..=2_001).contains(ms)),
        "{back:?}"
    );
    back.dedup();
    assert!(back.len() > 80, "{back:?}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_future_dropped_at_any_await_gives_everything_back() {
    // At the first call, at its rejection's wait, at the second call; and the same of a retry.
    let script = ["rejected", "transient", "rejected", "rejected"];
    for polls in 1..=8 {
        let (inner, mut handle) = mock::pair();
        let layer = plain_layer().budget(Budget::ratio(0, 1).floor_per_second(0).burst(9));
        let mut service = layer.layer(inner);
        let mut answer = Box::pin(service.ready().await.unwrap().call("hello"));
        let mut replies = script.iter();
        let mut sent = 0_u64;
        for poll in 1..=polls {
            assert!((&mut answer).now_or_never().is_none());
            // Called and waiting take turns.
            if poll < polls && poll % 2 == 1 {
                let word = replies.next().unwrap();
                next(&mut handle, "hello").await.send_error(*word);
                sent += 1;
            } else if poll < polls {
                sleep(Duration::from_secs(2)).await;
            }
        }
        drop(answer);
        let counts = layer.handle().snapshot();
        // The one retry is spent while it is under way, and only then.
        let under_way = polls == 5 || polls == 7;
        assert_eq!(
            counts.budget_left,
            Some(if under_way { 8 } else { 9 }),
            "{polls} polls"
        );
        assert_eq!(
            counts.attempts,
            if polls >= 5 { 2 } else { 1 },
            "{polls} polls"
        );
        assert!(sent <= 4);
    }
}

/// Notes in a rejection what the attempt before it failed with.
#[derive(Clone)]
struct Noting;

impl Classify<Req, BoxError> for Noting {
    fn classify(&self, result: &Result<Req, BoxError>) -> Verdict {
        support::by_message(result)
    }

    fn rejected_after(&self, rejection: &mut Result<Req, BoxError>, made: BoxError) {
        if let Err(rejection) = rejection {
            *rejection = format!("{rejection} after {made}").into();
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_rejection_is_told_what_the_last_attempt_that_was_made_failed_with() {
    for (words, said) in [
        (
            &["transient 1ms", "transient 2ms", "rejected"][..],
            "rejected after transient 2ms",
        ),
        // None was made.
        (&["rejected"][..], "rejected"),
        // It was made after all, and its own error is what is told.
        (&["transient", "rejected", "costly", "costly"][..], "costly"),
        (&["transient", "rejected", "fatal"][..], "fatal"),
    ] {
        for deadline in [None, Some(Duration::from_secs(4))] {
            let mut layer = BackoffLayer::new(Noting)
                .max_attempts(4)
                .max_costly_attempts(2);
            if let Some(deadline) = deadline {
                layer = layer.deadline(deadline);
            }
            let calls = Arc::new(AtomicU64::new(0));
            let service = service_fn(move |_: Req| {
                let n = calls.fetch_add(1, Ordering::Relaxed) as usize;
                let word = *words.get(n).unwrap_or(&words[words.len() - 1]);
                ready(Err::<Req, BoxError>(word.into()))
            });
            let error = soon(layer.layer(service).oneshot("hello"))
                .await
                .unwrap_err();
            assert_eq!(error.to_string(), said, "{words:?} {deadline:?}");
        }
    }
}
