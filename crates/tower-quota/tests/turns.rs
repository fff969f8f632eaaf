//! Whose turn it is where priorities and tenants are mixed, and who gives way in a full queue.

mod support;

use std::time::Duration;

use support::{Handle, Layered, Request, Service, layer, rejected, service, soon};
use tokio::time::{Instant, advance};
use tokio_test::{assert_pending, assert_ready, task};
use tower::Service as _;
use tower_quota::{Cause, Limit, Priority};

type Waiting = task::Spawn<<Service as tower::Service<Request>>::Future>;

/// One call goes in each, at a time that is known.
const TURN: Duration = Duration::from_secs(60 * 60);

fn one_a_turn() -> Layered {
    let limit = Limit::calls(1, TURN).margin(Duration::ZERO);
    layer(limit).aging(30 * TURN)
}

fn call(service: &mut Service, request: Request) -> Waiting {
    let mut call = task::spawn(service.call(request));
    assert_pending!(call.poll());
    call
}

fn low(tenant: u64) -> Request {
    Request {
        priority: Priority::Low,
        tenant,
        ..Request::default()
    }
}

fn high() -> Request {
    Request {
        priority: Priority::High,
        ..Request::default()
    }
}

fn of(tenant: u64) -> Request {
    Request {
        tenant,
        ..Request::default()
    }
}

/// A service of the layer, from which a call has just gone.
fn used_up(layer: &Layered) -> (Service, Handle) {
    let (mut service, handle) = service(layer);
    // It went before anybody waited, so it cost no turn.
    drop(call(&mut service, Request::default()));
    (service, handle)
}

/// Lets time pass until `call` goes, and polls whoever is woken meanwhile.
async fn goes_after(call: &mut Waiting, others: &mut [Waiting]) -> u64 {
    for turn in 1.. {
        advance(TURN).await;
        for other in &mut *others {
            if other.is_woken() {
                let _ = other.poll();
            }
        }
        if call.is_woken() {
            assert_pending!(call.poll());
            return turn;
        }
        assert!(turn < 1_000, "it starved");
    }
    unreachable!()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn calls_that_did_not_run_cost_their_tenant_no_turn() {
    let layer = one_a_turn();
    let (mut service, _handle) = used_up(&layer);
    let mut flood: Vec<_> = (0..300).map(|_| call(&mut service, of(1))).collect();
    // Half of them are rejected at once, and half of them wait and go away.
    let mut waiting = Vec::new();
    for _ in 0..250 {
        let late = Request {
            deadline: Some(Instant::now()),
            ..of(2)
        };
        rejected(soon(service.call(late)).await);
        waiting.push(call(&mut service, of(2)));
    }
    let even = waiting.into_iter().enumerate().filter(|(n, _)| n % 2 == 0);
    drop(even.collect::<Vec<_>>());
    let mut mine = call(&mut service, of(2));
    assert_eq!(goes_after(&mut mine, &mut flood).await, 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_one_that_stays_of_many_that_went_away_has_the_turn_of_the_first() {
    let layer = one_a_turn();
    let (mut service, _handle) = used_up(&layer);
    let mut flood: Vec<_> = (0..300).map(|_| call(&mut service, of(1))).collect();
    let gone: Vec<_> = (0..500).map(|_| call(&mut service, of(2))).collect();
    let mut mine = call(&mut service, of(2));
    drop(gone);
    assert_eq!(goes_after(&mut mine, &mut flood).await, 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_that_goes_away_as_it_is_let_go_costs_no_turn() {
    let layer = one_a_turn();
    let (mut service, _handle) = used_up(&layer);
    let mut flood: Vec<_> = (0..20).map(|_| call(&mut service, of(1))).collect();
    let large = Request {
        tokens: 100,
        ..of(2)
    };
    for _ in 0..5 {
        let mine = call(&mut service, large.clone());
        let mut turns = 0;
        while !mine.is_woken() {
            advance(TURN).await;
            turns += 1;
            for other in &mut flood {
                if other.is_woken() {
                    let _ = other.poll();
                }
            }
            assert!(turns <= 2, "it has its turn");
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_low_priority_ages_whatever_its_tenant() {
    let layer = one_a_turn();
    let (mut service, mut handle) = used_up(&layer);
    handle.next_request().await.expect("the first");
    let start = Instant::now();
    // Named by when they came.
    let named = |request: Request| Request {
        name: start.elapsed().as_secs(),
        ..request
    };
    let mut waiting: Vec<_> = (0..10).map(|_| call(&mut service, low(0))).collect();
    let mut tenants = 1;
    let mut low_left = 10;
    // Eleven normal calls in ten turns, and a new tenant of the low priority in each eight.
    let mut step = 0_u64;
    while low_left > 0 {
        advance(TURN / 10).await;
        step += 1;
        if step * 11 / 100 > (step - 1) * 11 / 100 {
            let request = named(of(step % 3));
            waiting.push(call(&mut service, request));
        }
        if step % 80 == 0 {
            tenants += 1;
            let request = named(low(tenants));
            waiting.push(call(&mut service, request));
        }
        for call in &mut waiting {
            if call.is_woken() {
                let _ = call.poll();
            }
        }
        let mut next = task::spawn(handle.next_request());
        if let std::task::Poll::Ready(Some((request, _))) = next.poll() {
            if request.priority == Priority::Low && request.name == 0 {
                low_left -= 1;
            } else {
                assert!(
                    request.priority == Priority::Low || request.name <= 30 * TURN.as_secs(),
                    "{request:?} goes before {low_left} low calls"
                );
            }
        }
        assert!(step < 1_000, "{low_left} starved");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_flood_of_low_priority_gives_way() {
    let layer = one_a_turn().max_queue(100);
    let (mut service, _handle) = used_up(&layer);
    let mut flood: Vec<_> = (0..100).map(|_| call(&mut service, low(0))).collect();
    // The queue is full for those of the same kind.
    let error = rejected(soon(service.call(low(0))).await);
    assert_eq!(*error.cause(), Cause::QueueFull);
    assert_eq!(error.retry_after(), Some(101 * TURN));
    let mut mine = Vec::new();
    for _ in 0..60 {
        mine.push(call(&mut service, high()));
        // The last of the flood is woken, once, and told when it would have gone: after the new
        // one and those of its own.
        let mut last = flood.pop().expect("the flood is larger");
        assert!(last.is_woken());
        assert!(flood.iter().all(|other| !other.is_woken()));
        let error = rejected(assert_ready!(last.poll()));
        assert_eq!(*error.cause(), Cause::QueueFull);
        assert_eq!(error.retry_after(), Some(101 * TURN));
        assert_eq!(layer.handle().snapshot(&"").expect("used").queued, 100);
    }
    for call in &mut mine {
        assert_eq!(goes_after(call, &mut flood).await, 1);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_flood_of_one_tenant_gives_way_to_another() {
    let layer = one_a_turn().max_queue(10);
    let (mut service, _handle) = used_up(&layer);
    let mut flood: Vec<_> = (0..10).map(|_| call(&mut service, of(1))).collect();
    let mut mine = call(&mut service, of(2));
    let error = rejected(assert_ready!(flood.pop().expect("ten came").poll()));
    assert_eq!(*error.cause(), Cause::QueueFull);
    assert_eq!(error.retry_after(), Some(11 * TURN));
    assert_eq!(goes_after(&mut mine, &mut flood).await, 2);
    assert_eq!(flood.iter().filter(|call| call.is_woken()).count(), 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_higher_priority_that_would_come_too_late_turns_nobody_away() {
    let layer = one_a_turn().max_queue(1).max_wait(TURN * 3 / 2);
    let (mut service, _handle) = used_up(&layer);
    let mut first = call(&mut service, high());
    let error = rejected(soon(service.call(high())).await);
    assert_eq!(*error.cause(), Cause::MaxWait);
    let error = rejected(soon(service.call(low(0))).await);
    assert_eq!(*error.cause(), Cause::MaxWait);
    assert_eq!(error.retry_after(), Some(2 * TURN));
    assert_eq!(goes_after(&mut first, &mut []).await, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_queue_of_nothing_rejects_whoever_would_wait() {
    let layer = one_a_turn().max_queue(0);
    let (mut service, _handle) = used_up(&layer);
    for request in [high(), low(0)] {
        let error = rejected(soon(service.call(request)).await);
        assert_eq!(*error.cause(), Cause::QueueFull);
        assert_eq!(error.retry_after(), Some(TURN));
    }
}
