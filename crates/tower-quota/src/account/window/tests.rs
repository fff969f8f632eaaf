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
}
