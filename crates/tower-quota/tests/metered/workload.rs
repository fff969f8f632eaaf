//! What there is to do: calls of all kinds of sizes, that come in all kinds of ways.

pub(crate) mod known;

use fastrand::Rng;

use super::neighbour::Neighbour;
use super::server::PerMinute;

/// How many minutes' quota there is to do where no number is given.
const MINUTES: f64 = 10.0;
/// Of what a call comes to, what it brings along. The rest is written, and counts the burndown.
const INPUT: f64 = 0.3;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) number: usize,
    /// When it comes, where calls come by themselves.
    pub(crate) comes: f64,
    pub(crate) reserved: u64,
    pub(crate) used: u64,
    /// How long its answer takes.
    pub(crate) seconds: f64,
    /// When the first event of its answer is there, where that is streamed.
    pub(crate) first_event: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Sizes {
    Equal(f64),
    /// Median and sigma.
    Lognormal(f64, f64),
    /// Of ten calls nine are of the first size, and one is of the second.
    Mixed(f64, f64),
    /// All reserve the first and use the second.
    Agents(f64, f64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Arrivals {
    /// So many workers, each with the next call when it has done the last.
    Workers(usize),
    /// At random, by so much of what the quota lets through.
    Open(f64),
    /// By turns of two minutes: the first part of the quota, then the second.
    Waves(f64, f64),
    /// So many at once every two minutes, beginning after two.
    Bursts(usize),
}

/// What the layer is told of the limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Told {
    Truth,
    /// So many times the truth.
    Times(f64),
    /// The truth, and that a bucket holds so many seconds.
    Burst(f64),
    Nothing,
}

#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) limits: PerMinute,
    pub(crate) told: Told,
    /// Whether a refusal says what was short.
    pub(crate) names_unit: bool,
    pub(crate) slow_refusals: bool,
    /// The part of the calls that the server refuses though there is room.
    pub(crate) strays: f64,
    pub(crate) sizes: Sizes,
    /// How many times more a call reserves than it uses.
    pub(crate) over: f64,
    /// What a written token counts in the end.
    pub(crate) burndown: f64,
    /// What an answer takes on average.
    pub(crate) seconds: f64,
    pub(crate) first_event: Option<f64>,
    pub(crate) arrivals: Arrivals,
    pub(crate) count: Option<usize>,
    pub(crate) neighbours: Vec<Neighbour>,
    /// How many processes share the quota, each with a ledger of its own.
    pub(crate) processes: usize,
}

impl Workload {
    fn tokens(name: &'static str, per_minute: f64) -> Self {
        Self {
            name,
            limits: PerMinute {
                calls: None,
                tokens: Some(per_minute),
            },
            told: Told::Truth,
            names_unit: true,
            slow_refusals: false,
            strays: 0.0,
            sizes: Sizes::Equal(1500.0),
            over: 1.0,
            burndown: 1.0,
            seconds: 2.0,
            first_event: None,
            arrivals: Arrivals::Workers(50),
            count: None,
            neighbours: Vec::new(),
            processes: 1,
        }
    }

    /// 50 workers with calls of 1,500 tokens at 200,000 a minute.
    pub(crate) fn plain(name: &'static str) -> Self {
        Self::tokens(name, 200_000.0)
    }

    fn calls(name: &'static str, per_minute: f64) -> Self {
        let limits = PerMinute {
            calls: Some(per_minute),
            tokens: None,
        };
        Self {
            limits,
            ..Self::tokens(name, 0.0)
        }
    }

    /// What it is with the quota to itself.
    pub(crate) fn alone(&self) -> Self {
        Self {
            neighbours: Vec::new(),
            ..self.clone()
        }
    }

    /// What the limits are said to be.
    pub(crate) fn told_limits(&self) -> PerMinute {
        let times = match self.told {
            Told::Truth | Told::Burst(_) => 1.0,
            Told::Times(times) => times,
            Told::Nothing => return PerMinute::default(),
        };
        PerMinute {
            calls: self.limits.calls.map(|limit| limit * times),
            tokens: self.limits.tokens.map(|limit| limit * times),
        }
    }

    pub(crate) fn draw(&self, seed: u64) -> Vec<Call> {
        let mut rng = Rng::with_seed(seed.wrapping_mul(7919).wrapping_add(17));
        let most = self.limits.tokens.map_or(1e9, |limit| limit / 2.0);
        let mut comes = 0.0;
        let calls = (0..self.number()).map(|number| {
            comes = self.next(number, comes, &mut rng);
            let size = match self.sizes {
                Sizes::Equal(size) => size,
                Sizes::Lognormal(median, sigma) => median * (sigma * normal(&mut rng)).exp(),
                Sizes::Mixed(small, large) => [small, large][usize::from(rng.u8(..10) == 0)],
                Sizes::Agents(_, used) => used,
            };
            let size = size.max(10.0).min(most / self.over.min(2.0));
            let reserved = match self.sizes {
                Sizes::Agents(reserved, _) => reserved,
                _ => (size * self.over).min(most).max(size),
            };
            Call {
                number,
                comes,
                reserved: reserved.round() as u64,
                used: (size * self.worth()).round() as u64,
                seconds: self.seconds * (0.7 + 0.6 * rng.f64()),
                first_event: self.first_event,
            }
        });
        calls.collect()
    }

    fn number(&self) -> usize {
        let part = match self.arrivals {
            Arrivals::Open(part) => part,
            Arrivals::Waves(one, other) => f64::midpoint(one, other),
            Arrivals::Workers(_) | Arrivals::Bursts(_) => 1.0,
        };
        self.count
            .unwrap_or_else(|| ((self.per_minute() * MINUTES * part) as usize).max(20))
    }

    fn next(&self, number: usize, last: f64, rng: &mut Rng) -> f64 {
        let at = |part: f64, rng: &mut Rng| {
            let gap = -(1.0 - rng.f64()).ln();
            last + gap * 60.0 / (self.per_minute() * part)
        };
        match self.arrivals {
            Arrivals::Workers(_) => 0.0,
            Arrivals::Open(part) => at(part, rng),
            Arrivals::Waves(one, other) => at([one, other][(last / 120.0) as usize % 2], rng),
            Arrivals::Bursts(calls) => (number / calls + 1) as f64 * 120.0,
        }
    }

    /// Calls in a minute's quota, on average.
    fn per_minute(&self) -> f64 {
        let size = match self.sizes {
            Sizes::Equal(size) | Sizes::Agents(_, size) => size,
            Sizes::Lognormal(median, sigma) => median * (sigma * sigma / 2.0).exp(),
            Sizes::Mixed(small, large) => 0.9 * small + 0.1 * large,
        };
        let tokens = self.limits.tokens.unwrap_or(f64::MAX);
        let calls = self.limits.calls.unwrap_or(f64::MAX);
        calls.min(tokens / (size * self.worth()))
    }

    /// What a token of a call's size counts in the end.
    fn worth(&self) -> f64 {
        INPUT + (1.0 - INPUT) * self.burndown
    }
}

fn normal(rng: &mut Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (std::f64::consts::TAU * rng.f64()).cos()
}
