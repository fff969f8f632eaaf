mod plain;

use proptest::prelude::*;

use self::plain::{Came, Op, ops, run, waiter};
use super::line::LOOKS;
use super::*;

const AGING: u64 = 10;

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
                (other.place.tenant, other.place.class) == (served.place.tenant, served.place.class)
            };
            let first = waiting.iter().filter(line).map(|other| other.place.number());
            prop_assert_eq!(first.min(), Some(served.place.number()));
            Ok(())
        })?;
    }

    #[test]
    fn whoever_its_tenant_a_call_goes_before_higher_ones_that_come_later_than_the_aging(
        ops in ops(6, 0..9)
    ) {
        run(ops, |served, waiting| {
            let overtaken = waiting.iter().find(|other| {
                other.place.class > served.place.class && other.due() < served.due()
            });
            prop_assert!(overtaken.is_none(), "{overtaken:?} by {served:?}");
            Ok(())
        })?;
    }

    #[test]
    fn the_order_of_one_tenant_is_how_it_is_served(ops in ops(1, 0..9)) {
        let mut queue = Queue::new(AGING);
        let mut now = 0;
        for op in ops {
            match op {
                Op::Wait(time) => now += time,
                Op::Come(priority, tenant, tokens) => {
                    let waiter = Waiter { came: now, ..waiter(Amount::call(tokens)) };
                    queue.push(priority, tenant, waiter);
                }
                _ => drop(queue.front().map(|(place, _)| place).map(|place| queue.serve(place))),
            }
        }
        let order: Vec<_> = queue.in_order().map(|(place, _)| place).collect();
        for place in order {
            prop_assert_eq!(queue.ahead_of(place), Amount::NONE);
            prop_assert_eq!(queue.front().map(|(place, _)| place), Some(place));
            queue.serve(place);
        }
    }

    #[test]
    fn tenants_that_wait_are_served_by_turns(queued in 2..40_u64, seed in any::<u64>()) {
        // Three tenants, of whom one came with everything first, all with calls of one size.
        let mut queue = Queue::new(AGING);
        let tokens = seed % 7;
        for tenant in 0..3 {
            for _ in 0..queued {
                queue.push(Priority::Normal, tenant, waiter(Amount::call(tokens)));
            }
        }
        let mut served = [0_i64; 3];
        for _ in 0..3 * queued {
            let (place, _) = queue.front().expect("somebody waits");
            queue.serve(place);
            served[place.tenant as usize] += 1;
            prop_assert!(served.iter().max().unwrap() - served.iter().min().unwrap() <= 1);
        }
    }

    #[test]
    fn what_did_not_run_costs_no_turn(
        gone in proptest::collection::vec((any::<bool>(), any::<usize>(), 0..1000_u64), 0..500),
        served in 0..200,
    ) {
        let mut queue = Queue::new(AGING);
        let large = || waiter(Amount::call(100));
        for _ in 0..300 {
            queue.push(Priority::Normal, 0, large());
        }
        for _ in 0..served {
            let (place, _) = queue.front().expect("300 wait");
            queue.serve(place);
        }
        // Rejected at once, or later, in any order.
        let mut waiting = Vec::new();
        for (waits, leaves, tokens) in gone {
            let place = queue.push(Priority::Normal, 1, waiter(Amount::call(tokens)));
            if waits {
                waiting.push(place);
                let leaves = leaves % (2 * waiting.len());
                if leaves >= waiting.len() {
                    continue;
                }
                queue.remove(waiting.swap_remove(leaves));
            } else {
                queue.remove(place);
            }
        }
        // One of those that waited stays, or there is a new one.
        let mine = waiting.pop();
        for place in waiting {
            queue.remove(place);
        }
        let mine = mine.unwrap_or_else(|| queue.push(Priority::Normal, 1, large()));
        prop_assert!(queue.ahead_of(mine).calls <= 1);
        let turns: Vec<_> = (0..2).map(|_| {
            let (place, _) = queue.front().expect("somebody waits");
            queue.serve(place);
            place
        }).collect();
        prop_assert!(turns.contains(&mine));
    }
}

#[test]
fn one_that_was_let_go_and_did_not_run_costs_no_turn() {
    let mut queue = Queue::new(AGING);
    for _ in 0..300 {
        queue.push(Priority::Normal, 0, waiter(Amount::call(1)));
    }
    let large = Amount::call(30);
    for _ in 0..50 {
        let mine = queue.push(Priority::Normal, 1, waiter(large));
        for _ in 0..2 {
            let (place, _) = queue.front().expect("somebody waits");
            queue.serve(place);
            if place == mine {
                break;
            }
        }
        assert!(queue.serve(mine).is_none(), "it was its turn");
        queue.give_back(mine, large);
    }
}

#[test]
fn the_lowest_priority_moves_under_a_stream_of_the_highest() {
    let mut queue = Queue::new(AGING);
    let low = queue.push(Priority::Low, 0, waiter(Amount::call(0)));
    for now in 0..100 {
        let waiter = Waiter {
            came: now,
            ..waiter(Amount::call(0))
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
fn new_tenants_do_not_push_back_an_old_one_for_ever() {
    let mut queue = Queue::new(AGING);
    let came = |came| Waiter {
        came,
        ..waiter(Amount::call(5))
    };
    let old: Vec<_> = (0..20)
        .map(|_| queue.push(Priority::Normal, 0, came(0)))
        .collect();
    // Two new tenants for each turn: they wait ever longer, and fairly so would the old one.
    for now in 1..1000 {
        for tenant in [2 * now, 2 * now + 1] {
            queue.push(Priority::Normal, tenant, came(now));
        }
        let (place, _) = queue.front().expect("somebody waits");
        queue.serve(place);
        if place == old[19] {
            // Every other turn was one of those that came within the aging after it.
            assert!(now <= 2 * (20 + 2 * AGING), "{now}");
            return;
        }
    }
    panic!("it starved");
}

#[test]
fn a_tenant_that_comes_late_still_has_its_turn() {
    let mut queue = Queue::new(AGING);
    for _ in 0..300 {
        queue.push(Priority::Normal, 0, waiter(Amount::call(5)));
    }
    let late = Waiter {
        came: 100 * AGING,
        ..waiter(Amount::call(5))
    };
    let late = queue.push(Priority::Normal, 1, late);
    let place = |queue: &Queue<()>| queue.front().expect("somebody waits").0;
    let turn = (0..300).position(|_| {
        let first = place(&queue);
        queue.serve(first);
        first == late
    });
    assert!(turn <= Some(2), "{turn:?}");
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
    assert!(queue.classes[2].tenants() < 100);
}

#[test]
fn each_step_takes_a_logarithm_of_the_queue() {
    let mut most = Vec::new();
    for waiting in [1_000, 100_000] {
        let mut queue = Queue::new(AGING);
        let priorities = [Priority::High, Priority::Normal, Priority::Low];
        let push = |queue: &mut Queue<()>, came: u64| {
            let priority = priorities[came as usize % 3];
            let waiter = Waiter {
                came,
                ..waiter(Amount::call(came % 7))
            };
            queue.push(priority, came % 5, waiter)
        };
        let places: Vec<_> = (0..waiting).map(|came| push(&mut queue, came)).collect();
        let mut steps = 0;
        let mut count = |step: &mut dyn FnMut()| {
            let before = LOOKS.get();
            step();
            steps = steps.max(LOOKS.get() - before);
        };
        // The slots are closed up once in as many calls: so these are without.
        for came in 0..30 {
            count(&mut || {
                // What a call that finds the queue full does.
                push(&mut queue, waiting + came);
                let (last, _) = queue.last().expect("they wait");
                queue.ahead_of(last);
                queue.remove(last);
            });
            count(&mut || {
                let (front, _) = queue.front().expect("they wait");
                queue.serve(front);
            });
            count(&mut || {
                queue.remove(places[500 + 7 * came as usize]);
            });
        }
        most.push(steps);
    }
    // A hundred times as many take less than seven steps more in each loop.
    assert!(most[1] < 2 * most[0], "{most:?}");
}

#[test]
fn a_queue_filled_and_emptied_any_number_of_times_pays_a_logarithm_for_each_call() {
    let mut queue = Queue::new(AGING);
    let before = LOOKS.get();
    let mut places = std::collections::VecDeque::new();
    for came in 0..100_000_u64 {
        let tenant = came % 9;
        places.push_back(queue.push(Priority::Low, tenant, waiter(Amount::call(1))));
        if came > 1000 {
            let gone = places.pop_front().expect("they wait");
            queue.remove(gone);
        }
    }
    // In the order they came: the dearest where each one that leaves moves those behind it.
    while let Some(place) = places.pop_front() {
        queue.remove(place);
    }
    let steps = (LOOKS.get() - before) / 200_000;
    assert!(steps < 120, "{steps}");
}
