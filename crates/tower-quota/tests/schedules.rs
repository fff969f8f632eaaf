//! Any schedule of calls, told apart by who waits for whom.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use support::{Request, SECOND, layer, soon};
use tokio::task::yield_now;
use tokio::time::{Instant, advance};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_quota::{Limit, Priority};

const AGING: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug)]
enum Op {
    Come(Priority, u64, u64),
    /// Of those who came, by number.
    Leave(usize),
    Wait(u64),
}

fn ops(tenants: u64) -> impl Strategy<Value = Vec<Op>> {
    let priority = prop_oneof![
        // Twice what the limit lets through: without aging nobody else would go.
        4 => Just(Priority::High),
        1 => Just(Priority::Normal),
        1 => Just(Priority::Low)
    ];
    let op = prop_oneof![
        6 => (priority, 0..tenants, 0..10_u64).prop_map(|(p, t, n)| Op::Come(p, t, n)),
        1 => any::<usize>().prop_map(Op::Leave),
        3 => (0..1500_u64).prop_map(Op::Wait),
    ];
    proptest::collection::vec(op, 1..200)
}

/// One call: when it came, was let go, or went away by itself.
#[derive(Clone, Debug)]
struct Line {
    priority: Priority,
    tenant: u64,
    came: Instant,
    went: Option<Instant>,
    left: Option<Instant>,
}

impl Line {
    fn turn(&self, number: usize) -> (Instant, Priority, usize) {
        let steps = match self.priority {
            Priority::High => 0,
            Priority::Normal => 1,
            _ => 2,
        };
        (self.came + AGING * steps, self.priority, number)
    }

    fn waited_at(&self, time: Instant) -> bool {
        self.came < time
            && self.went.is_none_or(|went| went > time)
            && self.left.is_none_or(|left| left > time)
    }
}

/// Runs the schedule to its end, and returns what became of all.
async fn run(ops: Vec<Op>) -> Vec<Line> {
    let limits = [
        Limit::calls_per_minute(60).burst(1),
        Limit::tokens_per_minute(600).burst(20),
    ];
    let layer = layer(limits).aging(AGING);
    let lines = Arc::new(Mutex::new(Vec::<Line>::new()));
    let inner = Arc::clone(&lines);
    let service = layer.layer(service_fn(move |request: Request| {
        let went = &mut inner.lock().expect("no panic")[request.name as usize].went;
        assert_eq!(went.replace(Instant::now()), None);
        let answer = ["used 1", "used 15", "refund", "fine"][request.name as usize % 4];
        async move {
            tokio::time::sleep(Duration::from_millis(request.name % 300)).await;
            Ok::<_, BoxError>(answer)
        }
    }));
    let mut calls = Vec::new();
    for op in ops {
        match op {
            Op::Come(priority, tenant, tokens) => {
                let name = calls.len() as u64;
                lines.lock().expect("no panic").push(Line {
                    priority,
                    tenant,
                    came: Instant::now(),
                    went: None,
                    left: None,
                });
                calls.push(Some(tokio::spawn(service.clone().oneshot(Request {
                    name,
                    tokens,
                    priority,
                    tenant,
                    ..Request::default()
                }))));
            }
            Op::Leave(n) if !calls.is_empty() => {
                let n = n % calls.len();
                if let Some(call) = calls[n].take() {
                    call.abort();
                    lines.lock().expect("no panic")[n].left = Some(Instant::now());
                }
            }
            Op::Leave(_) => {}
            Op::Wait(time) => advance(Duration::from_millis(time)).await,
        }
        for _ in 0..3 {
            yield_now().await;
        }
    }
    // Nobody waits for ever, and nobody is rejected.
    for call in calls.into_iter().flatten() {
        soon(call).await.expect("no panic").expect("no rejection");
    }
    let usage = layer.handle().snapshot(&"");
    if let Some(usage) = usage {
        assert_eq!((usage.queued, usage.pending_calls), (0, 0));
        assert_eq!(usage.pending_tokens, 0);
    }
    advance(120 * SECOND).await;
    let usage = layer.handle().snapshot(&"");
    assert!(usage.is_none_or(|usage| usage.limits.iter().all(|limit| limit.used == 0)));
    lines.lock().expect("no panic").clone()
}

/// Checks that none of those who waited at that time should have gone before.
fn check(lines: &[Line], before: impl Fn(usize, usize) -> bool) {
    for (number, line) in lines.iter().enumerate() {
        let Some(went) = line.went else { continue };
        for (other, waits) in lines.iter().enumerate() {
            // Of two that went at the same moment the order is not seen.
            assert!(
                other == number || !waits.waited_at(went) || !before(other, number),
                "{other} waits as {number} goes, of {lines:#?}"
            );
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn all_go_and_none_is_overtaken_by_more_than_the_aging(ops in ops(1)) {
        let lines = runtime().block_on(run(ops));
        check(&lines, |other, number| lines[other].turn(other) < lines[number].turn(number));
    }

    #[test]
    fn the_calls_of_a_tenant_and_priority_go_in_the_order_they_came(ops in ops(3)) {
        let lines = runtime().block_on(run(ops));
        check(&lines, |other, number| {
            let (other_line, line) = (&lines[other], &lines[number]);
            other < number
                && other_line.tenant == line.tenant
                && other_line.priority == line.priority
        });
    }
}
