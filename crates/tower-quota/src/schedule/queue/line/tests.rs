use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Push(u64, u64),
    Remove(usize),
    Turn(usize, u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        5 => (0..9_u64, 0..3_u64).prop_map(|(tokens, time)| Op::Push(tokens, time)),
        4 => any::<usize>().prop_map(Op::Remove),
        4 => (any::<usize>(), 0..9_u64).prop_map(|(n, start)| Op::Turn(n, start)),
    ];
    proptest::collection::vec(op, 1..200)
}

/// A call of a plain list.
#[derive(Debug)]
struct Plain {
    number: u64,
    came: u64,
    tokens: u64,
    turn: Option<Turn>,
}

fn sum<'a>(calls: impl Iterator<Item = &'a Plain>) -> Amount {
    let mut sum = Amount::NONE;
    calls.for_each(|call| sum += Amount::call(call.tokens));
    sum
}

proptest! {
    #[test]
    fn a_line_is_a_plain_list(ops in ops()) {
        let mut line = Line::new();
        let mut plain: Vec<Plain> = Vec::new();
        let (mut number, mut now) = (0, 0);
        for op in ops {
            match op {
                Op::Push(tokens, time) => {
                    now += time;
                    number += 1;
                    line.push(number, now, Amount::call(tokens), number);
                    plain.push(Plain { number, came: now, tokens, turn: None });
                }
                Op::Remove(n) if !plain.is_empty() => {
                    let gone = plain.remove(n % plain.len());
                    prop_assert_eq!(line.remove(gone.number), Some(gone.number));
                    prop_assert_eq!(line.remove(gone.number), None);
                }
                Op::Turn(n, start) if !plain.is_empty() => {
                    let n = n % plain.len();
                    let start = u128::from(start);
                    line.set_turn(plain[n].number, start);
                    plain[n].turn = Some((start, plain[n].number));
                }
                Op::Remove(_) | Op::Turn(..) => {}
            }
            prop_assert_eq!(line.is_empty(), plain.is_empty());
            prop_assert_eq!(line.oldest(), plain.first().map(|call| call.came));
            for call in &plain {
                prop_assert_eq!(line.get(call.number), Some(&call.number));
                prop_assert_eq!(line.came(call.number), Some(call.came));
                let before = plain.iter().filter(|other| other.number < call.number);
                prop_assert_eq!(line.amount_before(call.number), sum(before));
                let besides = plain.iter().filter(|other| other.number != call.number);
                prop_assert_eq!(line.amount_besides(call.number), sum(besides));
            }
            for time in 0..now + 2 {
                let slots = line.until(|came| came < time);
                let early = || plain.iter().filter(|call| call.came < time);
                prop_assert_eq!(line.amount(slots), sum(early()));
                let first = early().filter_map(|call| call.turn).min();
                prop_assert_eq!(line.first_turn(slots), first.map(|(_, number)| number));
            }
        }
    }
}
