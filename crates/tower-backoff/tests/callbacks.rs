//! Retries and calls given up are told to callbacks, which can break nothing.

mod support;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    task::{Context, Waker},
    time::Duration,
};

use futures_util::FutureExt;
use support::{Judge, Req, next, plain_layer, soon};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};
use tower_backoff::{BackoffLayer, Budget, GiveUpCause, GiveUpEvent, RetryCause, RetryEvent};
use tower_test::mock;

#[derive(Clone, Default)]
struct Told {
    retries: Arc<Mutex<Vec<RetryEvent>>>,
    given_up: Arc<Mutex<Vec<GiveUpEvent>>>,
}

fn tells(layer: BackoffLayer<Judge>) -> (BackoffLayer<Judge>, Told) {
    let told = Told::default();
    let (retries, given_up) = (Arc::clone(&told.retries), Arc::clone(&told.given_up));
    let layer = layer
        .name("tests")
        .on_retry(move |retry| retries.lock().expect("not poisoned").push(retry.clone()))
        .on_give_up(move |call| given_up.lock().expect("not poisoned").push(call.clone()));
    (layer, told)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn every_retry_is_told_with_its_cause_and_its_wait() {
    let (layer, told) = tells(plain_layer());
    let (inner, mut handle) = mock::pair();
    let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));
    for word in ["throttled", "transient 700ms", "rejected", "costly"] {
        next(&mut handle, "hello").await.send_error(word);
    }
    next(&mut handle, "hello").await.send_response("fine");
    assert_eq!(answer.await.unwrap().unwrap(), "fine");

    let retries = told.retries.lock().unwrap();
    let told_of: Vec<_> = retries
        .iter()
        .map(|told| (told.cause, told.attempts))
        .collect();
    assert_eq!(
        told_of,
        [
            (RetryCause::Throttled, 1),
            (RetryCause::Transient, 2),
            // The third attempt, which is made again.
            (RetryCause::Rejected, 3),
            (RetryCause::Costly, 3),
        ]
    );
    let waits = [0, 1, 3].map(|n: usize| retries[n].wait.as_millis());
    assert_eq!(waits, [1_000, 700, 200]);
    assert!((100..=1_100).contains(&retries[2].wait.as_millis()));
    assert!(retries.iter().all(|told| told.name == "tests"));
    assert!(told.given_up.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn every_call_given_up_is_told_with_its_cause() {
    let none = Budget::ratio(0, 1).floor_per_second(0).burst(0);
    let cases: [(BackoffLayer<Judge>, Req, GiveUpCause); 6] = [
        (
            plain_layer().max_attempts(1),
            "transient",
            GiveUpCause::Attempts,
        ),
        (
            plain_layer().max_costly_attempts(1),
            "costly",
            GiveUpCause::Costly,
        ),
        (
            plain_layer().deadline(Duration::ZERO),
            "transient",
            GiveUpCause::Deadline,
        ),
        (plain_layer().budget(none), "transient", GiveUpCause::Budget),
        (plain_layer(), "transient 61000ms", GiveUpCause::Hint),
        (plain_layer(), "rejected 6000ms", GiveUpCause::Rejected),
    ];
    for (layer, word, cause) in cases {
        let (layer, told) = tells(layer);
        let service = layer.layer(service_fn(
            move |_: Req| async move { Ok::<_, BoxError>(word) },
        ));
        assert_eq!(soon(service.oneshot("hello")).await.unwrap(), word);
        let told = told.given_up.lock().unwrap();
        assert_eq!(told.len(), 1);
        assert_eq!(
            (told[0].name, told[0].cause, told[0].attempts),
            ("tests", cause, 1)
        );
        assert_eq!(layer.handle().snapshot().gave_up(), 1);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_callback_may_look_at_the_layer_it_is_told_by() {
    let seen = Arc::new(Mutex::new(None));
    let handle = Arc::new(Mutex::new(None::<tower_backoff::Handle>));
    let (sees, looks) = (Arc::clone(&seen), Arc::clone(&handle));
    let layer = plain_layer().on_retry(move |_| {
        let handle = looks.lock().unwrap();
        *sees.lock().unwrap() = handle.as_ref().map(tower_backoff::Handle::snapshot);
    });
    *handle.lock().unwrap() = Some(layer.handle());
    let (inner, mut mock) = mock::pair();
    let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));
    next(&mut mock, "hello").await.send_error("transient");
    next(&mut mock, "hello").await.send_response("fine");
    answer.await.unwrap().unwrap();
    assert_eq!(seen.lock().unwrap().unwrap().budget_left, Some(99));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_callback_that_panics_ends_its_call_and_nothing_else() {
    let one = Budget::ratio(0, 1).floor_per_second(0).burst(1);
    let layer = plain_layer()
        .budget(one)
        .max_attempts(2)
        .on_retry(|_| panic!("told of a retry"))
        .on_give_up(|_| panic!("told of a call given up"));
    let (inner, mut mock) = mock::pair();
    let mut service = layer.layer(inner);
    let panics = |poll: &mut dyn FnMut()| catch_unwind(AssertUnwindSafe(poll)).is_err();

    // A retry: its budget comes back with the future.
    let mut call = Box::pin(service.ready().await.unwrap().call("hello"));
    assert!((&mut call).now_or_never().is_none());
    next(&mut mock, "hello").await.send_error("transient");
    assert!(panics(&mut || drop((&mut call).now_or_never())));
    assert_eq!(layer.handle().snapshot().budget_left, Some(0));
    drop(call);
    assert_eq!(layer.handle().snapshot().budget_left, Some(1));

    // A future that is kept all the same makes the retry, and is given up with its last result.
    let mut call = Box::pin(service.ready().await.unwrap().call("hello"));
    assert!((&mut call).now_or_never().is_none());
    next(&mut mock, "hello").await.send_error("transient");
    assert!(panics(&mut || drop((&mut call).now_or_never())));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut cx = Context::from_waker(Waker::noop());
    assert!(std::future::Future::poll(call.as_mut(), &mut cx).is_pending());
    next(&mut mock, "hello").await.send_error("transient");
    assert!(panics(&mut || drop((&mut call).now_or_never())));
    let counts = layer.handle().snapshot();
    assert_eq!((counts.attempts, counts.gave_up_attempts), (3, 1));

    // And the service goes on.
    let answer = tokio::spawn(soon(service.oneshot("hello")));
    next(&mut mock, "hello").await.send_response("fine");
    assert_eq!(answer.await.unwrap().unwrap(), "fine");
}
