use proptest::prelude::*;

use super::*;

const PERIOD: u64 = 60;

fn arc() -> impl Strategy<Value = Arc> {
    (100..160_u64, 1..60_u64).prop_map(|(from, len)| Arc {
        from,
        to: from + len,
    })
}

/// Each moment of the clock that lies in it.
fn moments(arc: Arc) -> Vec<bool> {
    let mut moments = vec![false; PERIOD as usize];
    for at in arc.from..arc.to {
        moments[(at % PERIOD) as usize] = true;
    }
    moments
}

proptest! {
    #[test]
    fn both_is_the_longest_run_of_moments_that_lie_in_both(one in arc(), other in arc()) {
        let inside: Vec<bool> = moments(one).iter().zip(moments(other)).map(|(one, other)| *one && other).collect();
        let run = |from: usize| (0..PERIOD as usize).take_while(|n| inside[(from + n) % PERIOD as usize]).count();
        let longest = (0..PERIOD as usize).map(run).max().unwrap_or(0);
        let both = one.both(other, PERIOD);
        prop_assert_eq!(both.map_or(0, |both| both.len() as usize), longest);
        prop_assert!(both.is_none_or(|both| (both.from..both.to).all(|at| inside[(at % PERIOD) as usize])));
    }

    #[test]
    fn last_at_has_begun_and_is_the_same_part_of_the_clock(arc in arc(), now in 160..1000_u64) {
        let last = arc.last_at(now, PERIOD);
        prop_assert!(last.from <= now && now < last.from + PERIOD);
        prop_assert_eq!(moments(last), moments(arc));
    }
}
