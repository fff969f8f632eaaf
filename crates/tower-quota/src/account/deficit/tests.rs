use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Wait(u64),
    Charge(u64),
    Refund(u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        (0..2_000_u64).prop_map(Op::Wait),
        (0..9_000_u64).prop_map(Op::Charge),
        (0..9_000_u64).prop_map(Op::Refund),
    ];
    proptest::collection::vec(op, 1..200)
}

proptest! {
    /// A nanosecond after the other, as a server's bucket of any size would.
    #[test]
    fn drains_as_if_looked_at_each_nanosecond(ops in ops(), rate in 0..20_u64) {
        let mut deficit = Deficit::new();
        let (mut model, mut now, mut dry) = (0_u128, 0_u64, 0_u64);
        for op in ops {
            match op {
                Op::Wait(time) => {
                    let (from, lacks) = (now, deficit.level());
                    let falls = deficit.falls_to(lacks / 3, now, rate);
                    for _ in 0..time {
                        let was = model;
                        model = model.saturating_sub(u128::from(rate));
                        now += 1;
                        if was > 0 && model == 0 {
                            dry = now;
                        }
                        prop_assert_eq!(now >= falls, model <= lacks / 3);
                    }
                    deficit.drain(from, now, rate);
                }
                Op::Charge(amount) => {
                    model += u128::from(amount);
                    deficit.add(u128::from(amount));
                }
                Op::Refund(amount) => {
                    if model > 0 && model <= u128::from(amount) {
                        dry = now;
                    }
                    model = model.saturating_sub(u128::from(amount));
                    deficit.give_back(u128::from(amount), 0, now);
                }
            }
            prop_assert_eq!(deficit.level(), model);
            let for_ever = model == 0 && dry == 0;
            for time in [0, now - dry, now - dry + 1] {
                let is_dry = model == 0 && now - dry >= time;
                prop_assert_eq!(deficit.is_dry_for(time, now), is_dry || for_ever);
            }
        }
    }
}

#[test]
fn refund_does_not_reach_below_its_floor() {
    let mut deficit = Deficit::new();
    deficit.add(10);
    deficit.give_back(9, 4, 0);
    assert_eq!(deficit.level(), 4);
    deficit.give_back(1, 9, 0);
    assert_eq!(deficit.level(), 4);
}
