use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::turn::{MemberId, Wanted};
use crate::limit::Amount;

/// So many priorities there are.
const CLASSES: usize = 3;

/// The calls that wait in all processes, as far as these have told: who goes first?
///
/// The higher priority does. Within one, processes take turns by what their calls ask for: a place begins where
/// the one before it of the same process ends, or where the line has come to by then.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Line {
    places: BTreeMap<Place, Wanted>,
    /// How far the line has come, for each priority.
    at: [u64; CLASSES],
    /// Where the last place of each process ends.
    ends: BTreeMap<MemberId, [u64; CLASSES]>,
    next: u64,
}

/// Where in the line a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    class: u8,
    begins: u64,
    number: u64,
    pub(crate) member: MemberId,
}

impl Line {
    pub(crate) fn first(&self) -> Option<(Place, Wanted)> {
        let (place, wanted) = self.places.first_key_value()?;
        Some((*place, *wanted))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What all ask for.
    pub(crate) fn amount(&self) -> Amount {
        let mut sum = Amount::NONE;
        for wanted in self.places.values() {
            sum += wanted.amount();
        }
        sum
    }

    /// What a process has in line.
    pub(crate) fn of(&self, member: MemberId) -> impl Iterator<Item = Wanted> {
        let places = self.places.iter();
        places.filter_map(move |(place, wanted)| (place.member == member).then_some(*wanted))
    }

    /// A process waits for these from now on. As many as it had before keep their places.
    pub(crate) fn set(&mut self, member: MemberId, wanted: &[Wanted]) {
        for class in 0..CLASSES {
            let mut had = self.of_class(member, class).into_iter();
            let mut wanted = wanted.iter().filter(|wanted| class_of(wanted) == class);
            loop {
                match (had.next(), wanted.next()) {
                    (Some(place), Some(wanted)) => {
                        self.places.insert(place, *wanted);
                    }
                    (Some(place), None) => {
                        self.places.remove(&place);
                    }
                    (None, Some(wanted)) => self.add(member, class, *wanted),
                    (None, None) => break,
                }
            }
        }
    }

    fn of_class(&self, member: MemberId, class: usize) -> Vec<Place> {
        let places = self.places.keys();
        places
            .filter(|place| place.member == member && usize::from(place.class) == class)
            .copied()
            .collect()
    }

    fn add(&mut self, member: MemberId, class: usize, wanted: Wanted) {
        let begins = self.next_place(member, class);
        let place = Place {
            class: class as u8,
            begins,
            number: self.next,
            member,
        };
        self.next += 1;
        self.places.insert(place, wanted);
        self.ends.entry(member).or_default()[class] = begins.saturating_add(wanted.worth);
    }

    fn next_place(&self, member: MemberId, class: usize) -> u64 {
        let ends = self.ends.get(&member).map_or(0, |ends| ends[class]);
        ends.max(self.at[class])
    }

    /// A process begins so many calls: the first of those that it has in line.
    pub(crate) fn serve(&mut self, member: MemberId, calls: usize) {
        let places = self.places.keys().filter(|place| place.member == member);
        for place in places.take(calls).copied().collect::<Vec<_>>() {
            let at = &mut self.at[usize::from(place.class)];
            *at = place.begins.max(*at);
            self.places.remove(&place);
        }
    }

    /// What others have in line ahead of each of `wanted`, which are those of `member` in its own order, those it has
    /// places for first.
    pub(crate) fn ahead_of(&self, member: MemberId, wanted: &[Wanted]) -> Vec<Amount> {
        let mut ends: [u64; CLASSES] = [0; CLASSES];
        let mut had: [_; CLASSES] = std::array::from_fn(|class| {
            ends[class] = self.next_place(member, class);
            self.of_class(member, class).into_iter()
        });
        let mine = wanted.iter().map(|wanted| {
            let class = class_of(wanted);
            had[class].next().unwrap_or_else(|| {
                let begins = ends[class];
                ends[class] = begins.saturating_add(wanted.worth);
                Place {
                    class: class as u8,
                    begins,
                    number: u64::MAX,
                    member,
                }
            })
        });
        // Its own order may not be that of its places, as where one waits so long that it goes before a higher priority.
        let mut others = self
            .places
            .iter()
            .filter(|(place, _)| place.member != member);
        let mut next = others.next();
        let mut ahead = Amount::NONE;
        let mut sums = Vec::with_capacity(wanted.len());
        let mut reached: Option<Place> = None;
        for place in mine {
            let place = reached.map_or(place, |reached| reached.max(place));
            reached = Some(place);
            while let Some((_, wanted)) = next.filter(|(other, _)| **other < place) {
                ahead += wanted.amount();
                next = others.next();
            }
            sums.push(ahead);
        }
        sums
    }

    /// How many processes, besides that of the first in line, come before `member` there.
    pub(crate) fn rank_behind_first(&self, member: MemberId) -> usize {
        let mut members = self.places.keys().map(|place| place.member);
        let Some(first) = members.next().filter(|first| *first != member) else {
            return 0;
        };
        let mut before = std::collections::BTreeSet::new();
        before.extend(members.take_while(|other| *other != member));
        before.remove(&first);
        before.len()
    }

    /// A process is gone.
    pub(crate) fn forget(&mut self, member: MemberId) {
        self.set(member, &[]);
        self.ends.remove(&member);
    }
}

fn class_of(wanted: &Wanted) -> usize {
    usize::from(wanted.class).min(CLASSES - 1)
}

#[cfg(test)]
mod tests;
