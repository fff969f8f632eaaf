//! What there is to do: calls of all kinds of sizes, that come in all kinds of ways.

use fastrand::Rng;

use crate::neighbour::{Neighbour, coming_and_going};
use crate::server::PerMinute;

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

/// All there are.
pub(crate) fn all() -> Vec<Workload> {
    let mut all = alone();
    all.extend(with_neighbours());
    all.extend(told_wrong());
    all.extend(told_nothing());
    all.extend(several_processes());
    all
}

fn plain(name: &'static str) -> Workload {
    Workload::plain(name)
}

fn reserving(name: &'static str, over: f64) -> Workload {
    Workload {
        over,
        ..plain(name)
    }
}

fn agents(name: &'static str, reserved: f64, count: usize) -> Workload {
    Workload {
        sizes: Sizes::Agents(1300.0 + reserved, 1400.0),
        count: Some(count),
        seconds: 3.0,
        arrivals: Arrivals::Workers(20),
        ..plain(name)
    }
}

fn lognormal(name: &'static str, median: f64, sigma: f64) -> Workload {
    Workload {
        sizes: Sizes::Lognormal(median, sigma),
        ..plain(name)
    }
}

fn few(name: &'static str, per_minute: f64, count: usize) -> Workload {
    Workload {
        count: Some(count),
        ..Workload::calls(name, per_minute)
    }
}

fn alone() -> Vec<Workload> {
    use Arrivals::{Bursts, Open, Waves, Workers};
    let both = |name| Workload {
        limits: PerMinute {
            calls: Some(60.0),
            tokens: Some(200_000.0),
        },
        ..lognormal(name, 2500.0, 0.8)
    };
    vec![
        reserving("equal, reserve 1 x", 1.0),
        reserving("equal, reserve 2 x", 2.0),
        reserving("equal, reserve 5 x", 5.0),
        reserving("equal, reserve 10 x", 10.0),
        reserving("equal, reserve 20 x", 20.0),
        agents("agents, 32k reserved", 32_000.0, 100),
        agents("agents, 64k reserved", 64_000.0, 100),
        agents("agents, 8k reserved", 8_000.0, 500),
        lognormal("lognormal 1.2, reserve 1 x", 1000.0, 1.2),
        Workload {
            over: 5.0,
            ..lognormal("lognormal 1.2, reserve 5 x", 1000.0, 1.2)
        },
        Workload {
            count: Some(800),
            ..lognormal("lognormal 2.2, reserve 1 x", 500.0, 2.2)
        },
        Workload {
            sizes: Sizes::Mixed(500.0, 12_000.0),
            ..plain("small and large")
        },
        Workload {
            sizes: Sizes::Mixed(500.0, 12_000.0),
            over: 3.0,
            ..plain("small and large, reserve 3 x")
        },
        Workload {
            burndown: 5.0,
            ..plain("burndown 5")
        },
        Workload {
            burndown: 10.0,
            ..lognormal("burndown 10, lognormal 1.2", 600.0, 1.2)
        },
        Workload {
            burndown: 15.0,
            sizes: Sizes::Equal(300.0),
            seconds: 20.0,
            ..plain("burndown 15, 20 s answers")
        },
        Workload {
            arrivals: Open(0.5),
            ..plain("open 0.5, reserve 1 x")
        },
        Workload {
            arrivals: Open(0.5),
            ..reserving("open 0.5, reserve 5 x", 5.0)
        },
        Workload {
            arrivals: Open(0.9),
            ..lognormal("open 0.9, lognormal 1.2", 1000.0, 1.2)
        },
        Workload {
            arrivals: Open(1.1),
            ..plain("open 1.1, reserve 1 x")
        },
        Workload {
            arrivals: Waves(0.3, 1.5),
            ..reserving("open 0.3 and 1.5, reserve 2 x", 2.0)
        },
        Workload {
            arrivals: Bursts(50),
            ..few("60 calls, bursts of 50", 60.0, 400)
        },
        Workload {
            arrivals: Bursts(40),
            sizes: Sizes::Equal(1500.0),
            count: Some(320),
            ..reserving("bursts of 40, reserve 3 x", 3.0)
        },
        few("60 calls", 60.0, 600),
        few("600 calls", 600.0, 3000),
        few("6 calls", 6.0, 60),
        both("60 calls and 200k tokens"),
        Workload {
            names_unit: false,
            ..both("60 calls and 200k, unit unnamed")
        },
        Workload {
            over: 5.0,
            ..both("60 calls and 200k, reserve 5 x")
        },
        Workload {
            arrivals: Workers(1),
            count: Some(300),
            ..plain("one worker")
        },
        Workload {
            arrivals: Workers(1000),
            seconds: 30.0,
            ..reserving("1000 workers, 30 s, reserve 5 x", 5.0)
        },
        Workload {
            arrivals: Workers(1000),
            seconds: 30.0,
            first_event: Some(0.6),
            ..reserving("the same, streamed", 5.0)
        },
        Workload {
            arrivals: Workers(500),
            count: Some(40_000),
            ..Workload::tokens("6M tokens, 500 workers", 6e6)
        },
        Workload {
            over: 4.0,
            count: Some(150),
            ..Workload::tokens("20k tokens, reserve 4 x", 20_000.0)
        },
        Workload {
            count: Some(60),
            ..reserving("60 calls in all, reserve 10 x", 10.0)
        },
        Workload {
            slow_refusals: true,
            ..reserving("slow refusals, reserve 5 x", 5.0)
        },
        Workload {
            strays: 0.0025,
            slow_refusals: true,
            arrivals: Workers(2000),
            ..few("20k calls, 1 of 400 a stray", 20_000.0, 40_000)
        },
        Workload {
            strays: 0.0025,
            arrivals: Workers(100),
            ..few("600 calls, 1 of 400 a stray", 600.0, 3000)
        },
    ]
}

fn with_neighbours() -> Vec<Workload> {
    let half = vec![Neighbour::new(60.0, 300.0, 0.5)];
    let all = vec![Neighbour::new(120.0, 240.0, 1.0)];
    let beside = |neighbours: &Vec<Neighbour>, workload| Workload {
        neighbours: neighbours.clone(),
        ..workload
    };
    let hour = coming_and_going();
    let long = |count, workload| Workload {
        count: Some(count),
        ..beside(&hour, workload)
    };
    vec![
        beside(&half, plain("half to a neighbour")),
        beside(&half, reserving("half to one, reserve 5 x", 5.0)),
        beside(&half, few("half to one, 60 calls", 60.0, 600)),
        beside(&all, plain("all to a neighbour")),
        beside(&all, reserving("all to one, reserve 5 x", 5.0)),
        beside(&all, few("all to one, 60 calls", 60.0, 600)),
        beside(
            &vec![Neighbour::new(0.0, f64::INFINITY, 0.1)],
            plain("a tenth to one, always"),
        ),
        long(7000, plain("hour of neighbours")),
        long(7000, reserving("hour of them, reserve 5 x", 5.0)),
        long(3200, few("hour of them, 60 calls", 60.0, 600)),
        Workload {
            told: Told::Nothing,
            ..long(7000, plain("hour of them, told nothing"))
        },
    ]
}

fn told_wrong() -> Vec<Workload> {
    let told = |told, workload| Workload { told, ..workload };
    vec![
        told(Told::Times(1.3), plain("told 30 % too much")),
        told(Told::Times(0.7), plain("told 30 % too little")),
        told(
            Told::Times(1.3),
            reserving("told 30 % too much, reserve 5 x", 5.0),
        ),
        told(Told::Burst(30.0), plain("told a burst of 30 s")),
        told(
            Told::Times(1.3),
            Workload {
                arrivals: Arrivals::Workers(3000),
                count: Some(60_000),
                ..Workload::tokens("50M tokens, told 30 % too much", 5e7)
            },
        ),
    ]
}

fn told_nothing() -> Vec<Workload> {
    let nothing = |workload| Workload {
        told: Told::Nothing,
        ..workload
    };
    vec![
        nothing(plain("told nothing")),
        nothing(reserving("told nothing, reserve 5 x", 5.0)),
        nothing(few("told nothing, 60 calls", 60.0, 600)),
        nothing(agents("told nothing, agents, 32k reserved", 32_000.0, 100)),
        Workload {
            limits: PerMinute::default(),
            count: Some(6000),
            arrivals: Arrivals::Workers(300),
            ..nothing(plain("told nothing, no limits"))
        },
    ]
}

fn several_processes() -> Vec<Workload> {
    let shared = |processes, workload| Workload {
        processes,
        arrivals: Arrivals::Workers(48),
        ..workload
    };
    vec![
        shared(2, plain("two processes")),
        shared(2, reserving("two processes, reserve 5 x", 5.0)),
        shared(4, plain("four processes")),
        shared(4, reserving("four processes, reserve 5 x", 5.0)),
    ]
}
