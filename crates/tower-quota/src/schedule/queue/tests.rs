use proptest::prelude::*;

use super::*;
use crate::schedule::waiter::GiveUp;

const AGING: u64 = 10;

#[derive(Clone, Debug)]
enum Op {
    Come(Priority, u64, u64),
    Wait(u64),
    Serve,
    Leave(usize),
}

fn ops(tenants: u64, tokens: std::ops::Range<u64>) -> impl Strategy<Value = Vec<Op>> {
    let priority = prop_oneof![
        Just(Priority::High),
        Just(Priority::Normal),
        Just(Priority::Low)
    ];
    let op = prop_oneof![
        4 => (priority, 0..tenants, tokens).prop_map(|(p, t, n)| Op::Come(p, t, n)),
        2 => (0..2 * AGING).prop_map(Op::Wait),
        3 => Just(Op::Serve),
        1 => any::<usize>().prop_map(Op::Leave),
    ];
    proptest::collection::vec(op, 1..300)
}

#[derive(Clone, Debug, PartialEq)]
struct Came {
    place: Place,
    priority: Priority,
    tenant: u64,
    at: u64,
    tokens: u64,
}

impl Came {
    fn turn(&self) -> (u64, usize, u64) {
        let class = self.priority.index();
        (self.at + AGING * class as u64, class, self.place.number())
    }
}

/// One that came first of all and waits for as long as it takes.
fn waiter(amount: Amount) -> Waiter<()> {
    Waiter {
        amount,
        came: 0,
        give_up: GiveUp::Never,
        sleeper: None,
    }
}

/// Runs a schedule and looks at each one served, with those that waited then.
fn run(
    ops: Vec<Op>,
    mut look: impl FnMut(&Came, &[Came]) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut queue = Queue::new(AGING);
    let mut waiting: Vec<Came> = Vec::new();
    let mut now = 0;
    for op in ops {
        match op {
            Op::Wait(time) => now += time,
            Op::Come(priority, tenant, tokens) => {
                let amount = Amount::call(tokens);
                let waiter = Waiter {
                    came: now,
                    give_up: GiveUp::AtDeadline(now + tokens),
                    ..waiter(amount)
                };
                let place = queue.push(priority, tenant, waiter);
                waiting.push(Came {
                    place,
                    priority,
                    tenant,
                    at: now,
                    tokens,
                });
            }
            Op::Serve => {
                let order: Vec<_> = queue.in_order().map(|(place, _)| place).collect();
                prop_assert_eq!(order.len(), waiting.len());
                let Some((place, _)) = queue.front() else {
                    continue;
                };
                prop_assert_eq!(place, order[0]);
                prop_assert_eq!(queue.ahead_of(place), Amount::NONE);
                let served = waiting.iter().find(|came| came.place == place);
                let served = served.expect("who is served has come").clone();
                look(&served, &waiting)?;
                queue.serve(place).expect("the front is there");
                prop_assert!(queue.serve(place).is_none());
                waiting.retain(|came| *came != served);
                // Serving is what the order said.
                let rest: Vec<_> = queue.in_order().map(|(place, _)| place).collect();
                prop_assert_eq!(&rest[..], &order[1..]);
            }
            Op::Leave(n) if !waiting.is_empty() => {
                let came = waiting.swap_remove(n % waiting.len());
                queue.remove(came.place).expect("who leaves has come");
            }
            Op::Leave(_) => {}
        }
        prop_assert_eq!(queue.len(), waiting.len());
        let expiry = waiting.iter().map(|came| came.at + came.tokens).min();
        prop_assert_eq!(queue.first_expiry().map(|(at, _)| at), expiry);
    }
    Ok(())
}

proptest! {
    #[test]
    fn of_one_tenant_the_one_that_came_first_by_its_priority_goes_first(ops in ops(1, 0..9)) {
        run(ops, |served, waiting| {
            prop_assert!(waiting.iter().all(|other| served.turn() <= other.turn()));
            Ok(())
        })?;
    }

    #[test]
    fn a_tenant_is_served_in_order(ops in ops(4, 0..9)) {
        run(ops, |served, waiting| {
            let line = |other: &&Came| {
                other.tenant == served.tenant && other.priority == served.priority
            };
            let first = waiting.iter().filter(line).map(|other| other.place.number());
            prop_assert_eq!(first.min(), Some(served.place.number()));
            Ok(())
        })?;
    }

    #[test]
    fn tenants_that_wait_are_served_by_turns(queued in 2..40_u64, seed in any::<u64>()) {
        // Three tenants, of whom one came with everything first, all with calls of one size.
        let mut queue = Queue::new(AGING);
        let tokens = seed % 7;
        let mut tenants = std::collections::HashMap::new();
        for tenant in 0..3 {
            for _ in 0..queued {
                let waiter = waiter(Amount::call(tokens));
                let place = queue.push(Priority::Normal, tenant, waiter);
                tenants.insert(place.number(), tenant);
            }
        }
        let mut served = [0_i64; 3];
        for _ in 0..3 * queued {
            let (place, _) = queue.front().expect("somebody waits");
            queue.serve(place);
            served[tenants[&place.number()] as usize] += 1;
            prop_assert!(served.iter().max().unwrap() - served.iter().min().unwrap() <= 1);
        }
    }
}

#[test]
fn the_lowest_priority_moves_under_a_stream_of_the_highest() {
    let mut queue = Queue::new(AGING);
    let low = queue.push(Priority::Low, 0, waiter(Amount::NONE));
    for now in 0..100 {
        let waiter = Waiter {
            came: now,
            ..waiter(Amount::NONE)
        };
        queue.push(Priority::High, now, waiter);
        let (place, _) = queue.front().expect("somebody waits");
        queue.serve(place);
        if place == low {
            assert!(now >= 2 * AGING);
            return;
        }
    }
    panic!("it starved");
}

#[test]
fn a_tenant_moves_under_a_stream_of_new_tenants() {
    let mut queue = Queue::new(AGING);
    let push =
        |queue: &mut Queue<()>, tenant| queue.push(Priority::Low, tenant, waiter(Amount::call(5)));
    push(&mut queue, 0);
    let last = push(&mut queue, 0);
    for tenant in 1..10 {
        push(&mut queue, tenant);
        let (place, _) = queue.front().expect("somebody waits");
        queue.serve(place);
        if place == last {
            return;
        }
    }
    panic!("it starved");
}

#[test]
fn a_large_call_uses_up_more_turns() {
    let mut queue = Queue::new(AGING);
    let large = (0..2).map(|_| queue.push(Priority::Low, 1, waiter(Amount::call(10))));
    let large: Vec<_> = large.collect();
    for _ in 0..10 {
        queue.push(Priority::Low, 2, waiter(Amount::call(1)));
    }
    let order: Vec<_> = queue.in_order().map(|(place, _)| place).collect();
    assert_eq!(order.iter().position(|place| *place == large[0]), Some(0));
    assert!(order.iter().position(|place| *place == large[1]) >= Some(10));
}

#[test]
fn what_tenants_leave_behind_is_bounded() {
    let mut queue = Queue::new(AGING);
    queue.push(Priority::Low, 0, waiter(Amount::call(u64::MAX)));
    for tenant in 0..10_000 {
        let place = queue.push(Priority::Low, tenant, waiter(Amount::call(1)));
        queue.serve(place);
    }
    assert!(queue.classes[2].finish.len() < 100);
}
