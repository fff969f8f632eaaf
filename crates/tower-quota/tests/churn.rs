//! A hundred thousand callers go away at any time, and the ledger stays exact.

mod support;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use support::{HOUR, Request, SECOND};
use tokio_test::task;
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_quota::{Ask, Cost, Limit, Limits, Priority, QuotaLayer, Reservation, Settle, Throttle};

const KEYS: [&str; 4] = ["slow", "fast", "by the hour", "guessed"];

fn limits(key: &&'static str) -> Limits {
    match *key {
        "slow" => [
            Limit::tokens(6_000, 60 * SECOND).burst(200),
            Limit::calls(1_000, 60 * SECOND).burst(20),
        ]
        .into(),
        "fast" => [
            Limit::tokens(60_000, 60 * SECOND).burst(500),
            Limit::calls(10_000, 60 * SECOND).burst(50),
        ]
        .into(),
        "by the hour" => [Limit::tokens(60_000, HOUR), Limit::calls(6_000, HOUR)].into(),
        "account" => Limit::tokens(20_000, 60 * SECOND).burst(300).into(),
        _ => Limits::unknown(),
    }
}

/// What the calls that reached the server came to and had reserved, and throttles.
#[derive(Clone, Debug, Default, PartialEq)]
struct Told {
    used: u64,
    reserved: u64,
    throttled: u64,
}

type Tally = Rc<RefCell<HashMap<&'static str, Told>>>;

/// What the tally takes a call for: all it reserved, until it is known better.
struct Sent {
    tally: Tally,
    request: Request,
}

impl Sent {
    fn new(tally: &Tally, request: Request) -> Self {
        let mut told = tally.borrow_mut();
        let told = told.entry(request.key).or_default();
        told.used += request.tokens;
        told.reserved += request.tokens;
        Self {
            tally: Rc::clone(tally),
            request,
        }
    }

    fn came_to(self, tokens: Option<u64>, throttled: bool) {
        let mut told = self.tally.borrow_mut();
        let told = told.entry(self.request.key).or_default();
        told.used = told.used - self.request.tokens + tokens.unwrap_or(0);
        told.throttled += u64::from(throttled);
        if tokens.is_none() {
            told.reserved -= self.request.tokens;
        }
    }
}

/// A whole answer with what it came to, or a stream that is still to be read.
enum Answer {
    Whole(Settle),
    Stream(Sent, Option<Reservation>),
}

async fn serve(tally: Tally, request: Request) -> Result<Answer, BoxError> {
    let sent = Sent::new(&tally, request.clone());
    let name = request.name;
    tokio::time::sleep(Duration::from_millis(name % 50)).await;
    Ok(match name % 16 {
        0..=3 => {
            sent.came_to(Some(name % 30), false);
            Answer::Whole(Settle::Used(name % 30))
        }
        4..=6 => Answer::Whole(Settle::Reserved),
        7..=9 => {
            sent.came_to(None, false);
            Answer::Whole(Settle::Refund)
        }
        10 if name % 5 == 0 => {
            sent.came_to(None, true);
            Answer::Whole(Settle::throttled())
        }
        _ => Answer::Stream(sent, None),
    })
}

#[derive(Clone)]
struct Streams;

impl Cost<Request, Answer, BoxError> for Streams {
    type Key = &'static str;
    type Context = ();

    fn ask(&self, req: &Request) -> (Ask<&'static str>, ()) {
        let ask = Ask::new(req.key)
            .tokens(req.tokens)
            .priority(req.priority)
            .tenant(&req.tenant);
        let ask = match req.deadline {
            Some(deadline) => ask.deadline(deadline),
            None => ask,
        };
        // A third of them, and of others one that is within itself.
        match req.name % 3 {
            0 => (ask.within("account"), ()),
            1 if req.name % 2 == 0 => (ask.within(req.key), ()),
            _ => (ask, ()),
        }
    }

    fn settle(&self, (): &(), result: &mut Result<Answer, BoxError>) -> Settle {
        match result {
            Ok(Answer::Whole(settle)) => *settle,
            Ok(Answer::Stream(..)) => Settle::Later,
            Err(_) => panic!("the service does not fail"),
        }
    }

    fn later(&self, (): (), result: &mut Result<Answer, BoxError>, reservation: Reservation) {
        if let Ok(Answer::Stream(_, place)) = result {
            *place = Some(reservation);
        }
    }
}

fn request(rng: &mut fastrand::Rng) -> Request {
    let now = tokio::time::Instant::now();
    Request {
        key: KEYS[rng.usize(..4)],
        name: rng.u64(..1 << 40),
        tokens: rng.u64(..20),
        priority: [Priority::High, Priority::Normal, Priority::Low][rng.usize(..3)],
        tenant: rng.u64(..4),
        deadline: rng.bool().then(|| now + SECOND * rng.u32(..30)),
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_hundred_thousand_cancellations_leave_the_ledger_exact() {
    let layer = QuotaLayer::new(limits, Streams).max_wait(20 * SECOND);
    let handle = layer.handle();
    let tally = Tally::default();
    let inner = Rc::clone(&tally);
    let service = layer.layer(service_fn(move |request| serve(Rc::clone(&inner), request)));
    let mut rng = fastrand::Rng::with_seed(7);
    let mut calls = Vec::new();
    let mut streams = Vec::new();
    let mut cancelled = 0;
    while cancelled < 100_000 {
        match rng.u32(..12) {
            0..=4 if calls.len() < 150 => {
                let mut call = task::spawn(service.clone().oneshot(request(&mut rng)));
                // Some are never polled.
                if rng.u32(..8) == 0 || call.poll().is_pending() {
                    calls.push(call);
                }
            }
            5 if rng.bool() => tokio::time::advance(Duration::from_millis(rng.u64(..60))).await,
            5 | 6 => calls.retain_mut(|call| match call.is_woken().then(|| call.poll()) {
                Some(std::task::Poll::Ready(answer)) => {
                    streams.extend(answer.ok());
                    false
                }
                _ => true,
            }),
            7 if !streams.is_empty() => {
                let stream = streams.swap_remove(rng.usize(..streams.len()));
                if let Answer::Stream(sent, Some(reservation)) = stream {
                    match rng.u32(..4) {
                        0 => {
                            sent.came_to(None, false);
                            reservation.refund();
                        }
                        1 => {
                            sent.came_to(Some(40), false);
                            reservation.settle(40);
                        }
                        2 => {
                            sent.came_to(None, true);
                            reservation.throttled(Throttle::Rate {
                                retry_after: rng.bool().then_some(SECOND),
                                unit: None,
                            });
                        }
                        // Dropped half-way.
                        _ => cancelled += 1,
                    }
                }
            }
            // At any await: in the queue, let go and not told, below, half-way through an answer.
            _ if !calls.is_empty() => {
                drop(calls.swap_remove(rng.usize(..calls.len())));
                cancelled += 1;
            }
            _ => {}
        }
    }
    drop((calls, streams));
    tokio::time::advance(2 * HOUR).await;
    let account = handle.snapshot(&"account").expect("it was used");
    assert_eq!((account.queued, account.pending_calls), (0, 0));
    assert_eq!((account.pending_tokens, account.limits[0].used), (0, 0));
    // Those that were taken for the account's.
    let mut throttled = account.throttled;
    for key in KEYS {
        let usage = handle.snapshot(&key).expect("it was used");
        assert_eq!(usage.queued, 0, "{key}");
        assert_eq!((usage.pending_calls, usage.pending_tokens), (0, 0), "{key}");
        let told = &tally.borrow()[key];
        let used = (usage.total_used, usage.total_reserved);
        assert_eq!(used, (told.used, told.reserved), "{key}");
        throttled += usage.throttled;
        assert!(usage.limits.iter().all(|limit| limit.used == 0), "{key}");
    }
    let told: u64 = tally.borrow().values().map(|told| told.throttled).sum();
    assert_eq!(throttled, told);
    // All is there again, and not one more: nothing was learned of a limit by the hour.
    let call = |key| {
        let request = Request {
            key,
            name: 4,
            ..Request::default()
        };
        let mut call = task::spawn(service.clone().oneshot(request));
        call.poll().is_pending().then_some(call)
    };
    let all: Vec<_> = std::iter::from_fn(|| call("by the hour")).collect();
    assert_eq!(all.len(), 6_000);
    for key in ["slow", "fast", "guessed"] {
        let _call = call(key).expect("no rejection");
        assert_eq!(
            handle.snapshot(&key).expect("it was used").queued,
            0,
            "{key}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_on_several_threads_come_and_go_and_nothing_is_lost() {
    let limit = Limit::calls(200_000, SECOND).burst(200);
    let layer = QuotaLayer::new(limit, |_: &u64| Ask::new(0)).max_queue(usize::MAX);
    let service = layer.layer(service_fn(|name: u64| async move {
        for _ in 0..name % 3 {
            tokio::task::yield_now().await;
        }
        Ok::<_, BoxError>(())
    }));
    let calls: Vec<_> = (0..20_000)
        .map(|name| tokio::spawn(service.clone().oneshot(name)))
        .collect();
    let mut went = 0_u64;
    for (number, call) in calls.into_iter().enumerate() {
        if number % 2 == 0 {
            call.abort();
        }
        match support::soon(call).await {
            Ok(done) => {
                done.expect("no rejection");
                went += 1;
            }
            Err(gone) => assert!(gone.is_cancelled() && number % 2 == 0),
        }
    }
    assert!(went >= 10_000);
    let usage = layer.handle().snapshot(&0).expect("it was used");
    assert_eq!((usage.queued, usage.pending_calls), (0, 0));
}
