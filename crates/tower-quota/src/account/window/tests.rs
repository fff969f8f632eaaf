use proptest::prelude::*;

use super::*;

const PERIOD: u64 = 60_000;
const MARGIN: u64 = 120;

#[derive(Clone, Debug)]
enum Op {
    Wait(u64),
    Charge(u64),
    Refund(usize, u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        3 => (0..2_000_u64).prop_map(Op::Wait),
        1 => (0..70_000_u64).prop_map(Op::Wait),
        4 => (0..9_000_u64).prop_map(Op::Charge),
        2 => (any::<usize>(), 0..9_000_u64).prop_map(|(n, amount)| Op::Refund(n, amount)),
    ];
    proptest::collection::vec(op, 1..300)
}

#[cfg(feature = "shared")]
#[derive(Clone, Debug)]
enum Late {
    Wait(u64),
    Charge(u64),
    /// So long ago.
    Heard(u64, u64),
}

#[cfg(feature = "shared")]
fn lates() -> impl Strategy<Value = Vec<Late>> {
    let op = prop_oneof![
        3 => (0..2_000_u64).prop_map(Late::Wait),
        1 => (0..70_000_u64).prop_map(Late::Wait),
        4 => (0..9_000_u64).prop_map(Late::Charge),
        4 => (0..PERIOD, 0..9_000_u64).prop_map(|(ago, amount)| Late::Heard(ago, amount)),
    ];
    proptest::collection::vec(op, 1..300)
}

proptest! {
    /// Beside a list of all charges, of which those count that are younger than some time.
    #[test]
    fn counts_no_less_than_the_period_and_no_more_than_a_grain_longer(ops in ops(), most in 0..50_000_u64) {
        let mut window = Window::new(PERIOD, MARGIN);
        let mut charges: Vec<(u64, u64)> = Vec::new();
        let mut now = 0;
        for op in ops {
            match op {
                Op::Wait(time) => now += time,
                Op::Charge(amount) => {
                    window.advance(now);
                    window.charge(now, amount);
                    charges.push((now, amount));
                }
                Op::Refund(n, amount) if !charges.is_empty() => {
                    let n = n % charges.len();
                    let amount = amount.min(charges[n].1);
                    window.advance(now);
                    window.refund(charges[n].0, amount);
                    charges[n].1 -= amount;
                }
                Op::Refund(..) => {}
            }
            window.advance(now);
            let younger = |age: u64| -> u64 {
                charges.iter().filter(|charge| now - charge.0 < age).map(|charge| charge.1).sum()
            };
            let grain = PERIOD / GRAINS;
            prop_assert!(younger(PERIOD + MARGIN) <= window.sum());
            prop_assert!(window.sum() <= younger(PERIOD + MARGIN + grain));
            prop_assert!(window.certain(now) <= younger(PERIOD - MARGIN));
            prop_assert!(window.entries().count() as u64 <= GRAINS + 3);
            let falls = window.falls_to(most, now);
            prop_assert_eq!(falls == now, window.sum() <= most);
        }
        let falls = window.falls_to(most, now);
        if falls > now {
            window.advance(falls - 1);
            prop_assert!(window.sum() > most);
        }
        window.advance(falls);
        prop_assert!(window.sum() <= most);
    }

    /// Beside the same list, where what is heard of late counts until what was charged next after it does not.
    #[cfg(feature = "shared")]
    #[test]
    fn what_is_heard_of_late_counts_no_less_and_not_beyond_what_came_next(ops in lates()) {
        let mut window = Window::new(PERIOD, MARGIN);
        // When it was, until when it counts as if it had been then, and how much.
        let mut charges: Vec<(u64, u64, u64)> = Vec::new();
        let mut now = PERIOD;
        for op in ops {
            match op {
                Late::Wait(time) => now += time,
                Late::Charge(amount) => {
                    window.advance(now);
                    window.charge(now, amount);
                    charges.push((now, now, amount));
                }
                Late::Heard(ago, amount) => {
                    let then = now - ago;
                    window.advance(now);
                    let next = charges.iter().map(|charge| charge.1).filter(|at| *at >= then).min();
                    window.charge_late(then, amount);
                    charges.push((then, next.unwrap_or(then), amount));
                }
            }
            window.advance(now);
            let young = charges.iter().filter(|charge| now - charge.0 < PERIOD + MARGIN);
            let young: u64 = young.map(|charge| charge.2).sum();
            prop_assert!(young <= window.sum(), "{} of {young}", window.sum());
            let grain = PERIOD / GRAINS;
            let counts = charges.iter().filter(|charge| now - charge.1 < PERIOD + MARGIN + grain);
            let most: u64 = counts.map(|charge| charge.2).sum();
            prop_assert!(window.sum() <= most, "{} of {most}", window.sum());
            prop_assert!(window.entries().is_sorted_by_key(|entry| entry.last));
            prop_assert!(window.entries().count() as u64 <= 2 * GRAINS + 3);
        }
    }
}
