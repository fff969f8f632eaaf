//! The workloads of the tables.

use super::{Arrivals, Sizes, Told, Workload};
use crate::metered::neighbour::{Neighbour, coming_and_going};
use crate::metered::server::PerMinute;

/// All there are.
pub(crate) fn all() -> Vec<Workload> {
    let mut all = alone();
    all.extend(with_neighbours());
    all.extend(told_wrong());
    all.extend(told_nothing());
    all.extend(several_processes());
    all
}

/// The one of that name.
pub(crate) fn named(name: &str) -> Workload {
    let mut all = all().into_iter();
    all.find(|workload| workload.name == name)
        .expect("a workload with that name")
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
