//! A call that is under the limits of two keys must fit both, and gives both back.

mod learned;
mod waits;

use std::future::{pending, ready};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};
use tower_quota::{
    Ask, Cause, Cost, Handle, Limit, Limits, QuotaLayer, Rejected, Settle, Throttle,
};

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

type Key = &'static str;

/// What a call asks for, and what it comes to in the end.
#[derive(Clone, Copy)]
struct Call {
    key: Key,
    tokens: u64,
    came_to: Settle,
    deadline: Option<Duration>,
}

impl Call {
    fn of(key: Key, tokens: u64) -> Self {
        Self {
            key,
            tokens,
            came_to: Settle::Used(tokens),
            deadline: None,
        }
    }
}

#[derive(Clone)]
struct InAccount;

impl Cost<Call, (), BoxError> for InAccount {
    type Key = Key;
    type Context = Settle;

    fn ask(&self, call: &Call) -> (Ask<Key>, Settle) {
        let mut ask = Ask::new(call.key).tokens(call.tokens).within("account");
        if let Some(time) = call.deadline {
            ask = ask.deadline(Instant::now() + time);
        }
        (ask, call.came_to)
    }

    fn settle(&self, came_to: &Settle, _: &mut Result<(), BoxError>) -> Settle {
        *came_to
    }
}

/// 100 tokens in four hours in all, and each key 60 an hour of them: nothing is tried on such limits.
fn layer() -> QuotaLayer<InAccount, tower_quota::MemoryLedger<Key>> {
    let limits = |key: &Key| match *key {
        "account" => Limits::from(Limit::tokens(100, 4 * HOUR)),
        _ => Limits::from(Limit::tokens(60, HOUR)),
    };
    QuotaLayer::new(limits, InAccount)
}

fn answers() -> impl Service<Call, Response = (), Error = BoxError, Future: Send> + Clone {
    service_fn(|_: Call| ready(Ok::<_, BoxError>(())))
}

/// The tokens that are used, and the calls under way.
fn used(handle: &Handle<Key>, key: Key) -> (u64, u64) {
    let snapshot = handle.snapshot(&key).expect("it was used");
    (snapshot.total_used, snapshot.pending_calls)
}

async fn rejected(call: impl Future<Output = Result<(), BoxError>>) -> Rejected {
    let error = timeout(HOUR * 24 * 365, call).await.expect("no wait");
    *error
        .expect_err("it is rejected")
        .downcast()
        .expect("by the quota")
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_must_fit_both_keys() {
    let layer = layer();
    let handle = layer.handle();
    let service = layer.layer(answers());
    service
        .clone()
        .oneshot(Call::of("a", 50))
        .await
        .expect("it fits");
    service
        .clone()
        .oneshot(Call::of("b", 40))
        .await
        .expect("it fits");
    assert_eq!(used(&handle, "account"), (90, 0));
    // Of its own key there is enough, and of the account there is not.
    let hurried = Call {
        deadline: Some(MINUTE),
        ..Call::of("c", 20)
    };
    let error = rejected(service.clone().oneshot(hurried)).await;
    assert_eq!((error.cause(), error.key()), (&Cause::Deadline, "account"));
    // And the other way round.
    let start = Instant::now();
    service
        .clone()
        .oneshot(Call::of("a", 10))
        .await
        .expect("it fits both");
    assert_eq!(start.elapsed(), Duration::ZERO);
    let start = Instant::now();
    service
        .oneshot(Call::of("a", 20))
        .await
        .expect("four hours later it fits");
    let waited = start.elapsed();
    assert!(
        (4 * HOUR..4 * HOUR + MINUTE).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn who_is_rejected_by_the_own_key_holds_nothing_of_the_other() {
    let layer = layer();
    let handle = layer.handle();
    let service = layer.layer(answers());
    service
        .clone()
        .oneshot(Call::of("a", 60))
        .await
        .expect("it fits");
    let hurried = Call {
        deadline: Some(SECOND),
        ..Call::of("a", 40)
    };
    let error = rejected(service.clone().oneshot(hurried)).await;
    assert_eq!((error.cause(), error.key()), (&Cause::Deadline, "a"));
    assert_eq!(used(&handle, "account"), (60, 0));
    service
        .oneshot(Call::of("b", 40))
        .await
        .expect("it has what was given back");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_dropped_while_it_waits_for_either_key_gives_both_back() {
    let layer = layer();
    let handle = layer.handle();
    let service = layer.layer(answers());
    service
        .clone()
        .oneshot(Call::of("a", 60))
        .await
        .expect("it fits");
    // Waits for its own key, with room in the account.
    let waits = service.clone().oneshot(Call::of("a", 40));
    let early = timeout(SECOND, waits).await;
    assert!(early.is_err(), "{early:?}");
    assert_eq!(used(&handle, "account"), (60, 0));
    assert_eq!(used(&handle, "a"), (60, 0));
    // Waits for the account, and has asked nothing of its own key yet.
    service
        .clone()
        .oneshot(Call::of("b", 40))
        .await
        .expect("it fits");
    let waits = service.clone().oneshot(Call::of("c", 10));
    assert!(timeout(SECOND, waits).await.is_err());
    assert_eq!(used(&handle, "account"), (100, 0));
    assert_eq!(used(&handle, "c"), (0, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_dropped_after_it_was_sent_counts_in_both() {
    let layer = layer();
    let handle = layer.handle();
    let hangs = service_fn(|_: Call| pending::<Result<(), BoxError>>());
    let call = layer.layer(hangs).oneshot(Call::of("a", 40));
    assert!(timeout(SECOND, call).await.is_err());
    assert_eq!(used(&handle, "account"), (40, 0));
    assert_eq!(used(&handle, "a"), (40, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_a_call_came_to_counts_in_both_and_a_throttle_in_its_own_key() {
    let layer = layer();
    let handle = layer.handle();
    let service = layer.layer(answers());
    let ends = |key, came_to| {
        let call = Call {
            came_to,
            ..Call::of(key, 40)
        };
        service.clone().oneshot(call)
    };
    ends("a", Settle::Used(5)).await.expect("it fits");
    assert_eq!(used(&handle, "account"), (5, 0));
    assert_eq!(used(&handle, "a"), (5, 0));
    ends("b", Settle::Refund).await.expect("it fits");
    assert_eq!(
        (used(&handle, "account"), used(&handle, "b")),
        ((5, 0), (0, 0))
    );
    let throttle = Throttle::Exhausted {
        retry_after: Some(MINUTE),
    };
    ends("c", Settle::Throttled(throttle))
        .await
        .expect("it fits");
    assert_eq!(
        (used(&handle, "account"), used(&handle, "c")),
        ((5, 0), (0, 0))
    );
    // The other keys go on at once, and the throttled one after its minute.
    let start = Instant::now();
    ends("d", Settle::Used(1)).await.expect("it fits");
    let error = rejected(ends("c", Settle::Used(1))).await;
    assert_eq!((error.cause(), error.key()), (&Cause::Exhausted, "c"));
    assert_eq!(error.retry_after(), Some(MINUTE));
    assert_eq!(start.elapsed(), Duration::ZERO);
    sleep(MINUTE).await;
    ends("c", Settle::Used(1)).await.expect("it fits");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_key_within_itself_is_charged_once() {
    let layer = layer();
    let service = layer.layer(answers());
    let call = timeout(SECOND, service.oneshot(Call::of("account", 60)));
    call.await.expect("no wait").expect("it fits");
    assert_eq!(used(&layer.handle(), "account"), (60, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_waited_for_its_own_key_counts_in_the_other_from_then_on() {
    let limits = |key: &Key| match *key {
        "account" => Limits::from(Limit::tokens(100, HOUR).margin(Duration::ZERO)),
        _ => Limits::from(Limit::tokens(60, HOUR)),
    };
    let layer = QuotaLayer::new(limits, InAccount);
    let service = layer.layer(answers());
    let all = [60, 40].map(|tokens| service.clone().oneshot(Call::of("a", tokens)));
    let start = Instant::now();
    timeout(2 * HOUR, join_all(all)).await.expect("it goes");
    assert!(start.elapsed() > HOUR);
    let snapshot = layer.handle().snapshot(&"account").expect("it was used");
    assert_eq!(snapshot.limits[0].used, 40);
}
