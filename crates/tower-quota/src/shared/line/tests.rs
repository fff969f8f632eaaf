use proptest::prelude::*;

use super::*;

const MEMBERS: u64 = 4;

/// The same by a list that is sorted after each change.
#[derive(Debug, Default)]
struct Plain {
    /// By class, where it begins, when it came, and whose it is.
    places: Vec<((usize, u64, u64, MemberId), Wanted)>,
    at: [u64; CLASSES],
    ends: Vec<((MemberId, usize), u64)>,
    came: u64,
}

impl Plain {
    fn begins(&self, member: MemberId, class: usize) -> u64 {
        let ends = self.ends.iter().filter(|end| end.0 == (member, class));
        ends.map(|end| end.1).fold(self.at[class], u64::max)
    }

    fn set(&mut self, member: MemberId, wanted: &[Wanted]) {
        for class in 0..CLASSES {
            let mut wanted: Vec<_> = wanted
                .iter()
                .filter(|wanted| class_of(wanted) == class)
                .collect();
            self.places.retain_mut(|(place, old)| {
                if (place.3, place.0) != (member, class) {
                    return true;
                }
                if wanted.is_empty() {
                    return false;
                }
                *old = *wanted.remove(0);
                true
            });
            for wanted in wanted {
                let begins = self.begins(member, class);
                self.places
                    .push(((class, begins, self.came, member), *wanted));
                self.came += 1;
                self.ends.retain(|end| end.0 != (member, class));
                self.ends.push(((member, class), begins + wanted.worth));
            }
            self.places.sort_by_key(|place| place.0);
        }
    }

    fn serve(&mut self, member: MemberId, calls: usize) {
        for _ in 0..calls {
            if let Some(first) = self.places.iter().position(|place| place.0.3 == member) {
                let ((class, begins, ..), _) = self.places.remove(first);
                self.at[class] = self.at[class].max(begins);
            }
        }
    }

    fn forget(&mut self, member: MemberId) {
        self.places.retain(|place| place.0.3 != member);
        self.ends.retain(|end| end.0.0 != member);
    }

    /// What others have before each, where one does not go before those ahead of it in its own order.
    fn ahead_of(&self, member: MemberId, wanted: &[Wanted]) -> Vec<Amount> {
        let mut used = [0; CLASSES];
        let mut begins: [_; CLASSES] = std::array::from_fn(|class| self.begins(member, class));
        let mut last = (0, 0, 0, 0);
        let mut sums = Vec::new();
        for wanted in wanted {
            let class = class_of(wanted);
            let mine = self
                .places
                .iter()
                .filter(|place| (place.0.3, place.0.0) == (member, class));
            let place = mine
                .map(|place| place.0)
                .nth(used[class])
                .unwrap_or_else(|| {
                    let place = (class, begins[class], u64::MAX, member);
                    begins[class] += wanted.worth;
                    place
                });
            used[class] += 1;
            last = last.max(place);
            let mut sum = Amount::NONE;
            for (other, wanted) in &self.places {
                if other.3 != member && *other < last {
                    sum += wanted.amount();
                }
            }
            sums.push(sum);
        }
        sums
    }

    fn rank_behind_first(&self, member: MemberId) -> usize {
        let mut seen: Vec<MemberId> = Vec::new();
        for place in &self.places {
            if place.0.3 == member {
                break;
            }
            if !seen.contains(&place.0.3) {
                seen.push(place.0.3);
            }
        }
        let first = self.places.first().map(|place| place.0.3);
        seen.iter().filter(|other| Some(**other) != first).count()
    }
}

#[derive(Clone, Debug)]
enum Op {
    Set(MemberId, Vec<Wanted>),
    Serve(MemberId, usize),
    Forget(MemberId),
}

fn wanted() -> impl Strategy<Value = Wanted> {
    // A class that is not known is the last.
    (0..5_u8, 0..50_u64, 0..30_u64).prop_map(|(class, tokens, worth)| Wanted {
        class,
        tokens,
        worth,
    })
}

fn several() -> impl Strategy<Value = Vec<Wanted>> {
    proptest::collection::vec(wanted(), 0..8)
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        6 => (0..MEMBERS, several()).prop_map(|(member, wanted)| Op::Set(member, wanted)),
        5 => (0..MEMBERS, 0..5_usize).prop_map(|(member, calls)| Op::Serve(member, calls)),
        1 => (0..MEMBERS).prop_map(Op::Forget),
    ];
    proptest::collection::vec(op, 1..60)
}

proptest! {
    #[test]
    fn line_is_that_of_a_sorted_list(ops in ops(), asked in several()) {
        let mut line = Line::default();
        let mut plain = Plain::default();
        for op in ops {
            match op {
                Op::Set(member, wanted) => {
                    line.set(member, &wanted);
                    plain.set(member, &wanted);
                }
                Op::Serve(member, calls) => {
                    line.serve(member, calls);
                    plain.serve(member, calls);
                }
                Op::Forget(member) => {
                    line.forget(member);
                    plain.forget(member);
                }
            }
            let places: Vec<_> = line.places.iter().map(|(place, wanted)| {
                ((usize::from(place.class), place.begins, place.number, place.member), *wanted)
            }).collect();
            prop_assert_eq!(&places, &plain.places);
            prop_assert_eq!(line.is_empty(), plain.places.is_empty());
            let first = line.first().map(|(place, wanted)| (place.member, wanted));
            prop_assert_eq!(first, plain.places.first().map(|(place, wanted)| (place.3, *wanted)));
            let mut sum = Amount::NONE;
            plain.places.iter().for_each(|place| sum += place.1.amount());
            prop_assert_eq!(line.amount(), sum);
            for member in 0..=MEMBERS {
                let of: Vec<_> = line.of(member).collect();
                let has = plain.places.iter().filter(|place| place.0.3 == member);
                prop_assert_eq!(&of, &has.map(|place| place.1).collect::<Vec<_>>());
                prop_assert_eq!(line.rank_behind_first(member), plain.rank_behind_first(member));
                for wanted in [&of, &asked] {
                    prop_assert_eq!(line.ahead_of(member, wanted), plain.ahead_of(member, wanted));
                }
            }
        }
    }

    /// Processes that always wait have begun the same by worth, but for the one call that each is at.
    #[test]
    fn who_waits_all_the_time_gets_as_much_as_others(worths in proptest::collection::vec(1..100_u64, 2..6)) {
        let mut line = Line::default();
        let call = |worth| Wanted { class: 1, tokens: worth, worth };
        for (member, worth) in (0..).zip(&worths) {
            line.set(member, &[call(*worth); 3]);
        }
        let mut sums = vec![0; worths.len()];
        let most = *worths.iter().max().unwrap();
        for _ in 0..500 {
            let (place, wanted) = line.first().unwrap();
            line.serve(place.member, 1);
            sums[place.member as usize] += wanted.worth;
            line.set(place.member, &[call(wanted.worth); 3]);
            let (least, greatest) = (sums.iter().min().unwrap(), sums.iter().max().unwrap());
            prop_assert!(greatest - least <= most, "{sums:?} of {worths:?}");
        }
    }

    /// Who comes late has no claim on what others had before.
    #[test]
    fn who_comes_late_takes_turns_from_then_on(before in 1..200_usize) {
        let mut line = Line::default();
        let call = Wanted { class: 1, tokens: 1, worth: 7 };
        for _ in 0..before {
            line.set(1, &[call; 2]);
            line.serve(1, 1);
        }
        line.set(1, &[call; 40]);
        line.set(2, &[call; 40]);
        let mut turns = [0_i64; 3];
        for _ in 0..60 {
            let (place, _) = line.first().unwrap();
            line.serve(place.member, 1);
            turns[place.member as usize] += 1;
            prop_assert!((turns[1] - turns[2]).abs() <= 2, "{turns:?}");
        }
    }

    #[test]
    fn nobody_goes_before_a_higher_priority(ops in ops()) {
        let mut line = Line::default();
        for op in ops {
            match op {
                Op::Set(member, wanted) => line.set(member, &wanted),
                Op::Serve(member, calls) => line.serve(member, calls),
                Op::Forget(member) => line.forget(member),
            }
            let all = (0..MEMBERS).flat_map(|member| line.of(member).collect::<Vec<_>>());
            let highest = all.map(|wanted| class_of(&wanted)).min();
            prop_assert_eq!(line.first().map(|(_, wanted)| class_of(&wanted)), highest);
        }
    }
}
