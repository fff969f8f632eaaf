//! Others that use the same quota, and take what they want first.

use fastrand::Rng;

/// A neighbour takes its share in even pieces so many seconds apart.
pub(crate) const TICK: f64 = 0.25;
/// What one that takes everything gets in each piece at most, of the limit.
const GREED: f64 = 0.05;
/// A minute with the full rate shows within that after a neighbour has gone.
pub(crate) const QUIET: f64 = 240.0;

/// Somebody who takes a share of each limit for a time; all of it, and what was saved, from 1 on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Neighbour {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) share: f64,
}

impl Neighbour {
    pub(crate) fn new(from: f64, to: f64, share: f64) -> Self {
        Self { from, to, share }
    }
}

/// What all of them want at `tick` of a limit of so much a minute.
pub(crate) fn taken_at(tick: f64, limit: f64, neighbours: &[Neighbour]) -> f64 {
    let there = |one: &&Neighbour| one.from <= tick && tick < one.to;
    let piece = |one: &Neighbour| {
        if one.share >= 1.0 {
            limit * GREED
        } else {
            limit * one.share * TICK / 60.0
        }
    };
    neighbours.iter().filter(there).map(piece).sum()
}

/// An hour in which they come for half a minute or for four, and stay away as long.
pub(crate) fn coming_and_going() -> Vec<Neighbour> {
    let mut rng = Rng::with_seed(5);
    let mut neighbours = Vec::new();
    let mut from = 100.0;
    while from < 3500.0 {
        let to = from + 20.0 + 200.0 * rng.f64();
        let share = [0.2, 0.5, 0.8, 1.0][rng.usize(..4)];
        neighbours.push(Neighbour::new(from, to, share));
        from = to + 60.0 + 240.0 * rng.f64();
    }
    neighbours
}

/// When somebody has left and nobody comes for long enough to see the rate return.
pub(crate) fn departures(neighbours: &[Neighbour]) -> impl Iterator<Item = f64> {
    let ends = neighbours.iter().map(|one| one.to);
    ends.filter(|&end| {
        let stays = |one: &Neighbour| one.from < end + QUIET && one.to > end;
        end.is_finite() && !neighbours.iter().any(stays)
    })
}
