//! Batches against a server's quota, told the limit or told nothing.
//!
//! `SEEDS=20 cargo test -p tower-quota --test meters -- --ignored --nocapture` prints a wide table.

mod batch;
mod server;

use batch::{Case, Outcome, Shape};
use server::Meter;

const METERS: [Meter; 3] = [Meter::Bucket, Meter::Fixed, Meter::Sliding];

/// Reserves a third more than it uses.
const PLAIN: Shape = Shape {
    input: (100.0, 682.0),
    output: (16.0, 200.0),
    max_tokens: 256.0,
    burndown: 1.0,
    latency: (0.5, 2.3),
};
/// Uses half as much again as it reserves.
const BURNS: Shape = Shape {
    burndown: 5.0,
    ..PLAIN
};
/// Uses four times what it reserves.
const OWES: Shape = Shape {
    input: (10.0, 50.0),
    output: (200.0, 256.0),
    max_tokens: 256.0,
    burndown: 5.0,
    latency: (0.5, 4.0),
};
const TWICE: Shape = Shape {
    input: (100.0, 900.0),
    output: (0.0, 200.0),
    max_tokens: 700.0,
    burndown: 1.0,
    latency: (0.5, 2.0),
};
const TENFOLD: Shape = Shape {
    input: (50.0, 150.0),
    output: (0.0, 200.0),
    max_tokens: 1900.0,
    burndown: 1.0,
    latency: (0.5, 2.0),
};
const SLOW: Shape = Shape {
    latency: (0.5, 10.0),
    ..PLAIN
};

const BASE: Case = Case {
    meter: Meter::Bucket,
    calls: None,
    tokens: None,
    told: true,
    shape: PLAIN,
    workers: 50,
    minutes: 10.0,
    phase: 0.0,
    neighbour: false,
    seed: 0,
};

fn calls(limit: u64) -> Case {
    Case {
        calls: Some(limit),
        ..BASE
    }
}

fn tokens(limit: u64, shape: Shape) -> Case {
    Case {
        tokens: Some(limit),
        shape,
        ..BASE
    }
}

/// The worst of the seeds.
fn worst(case: Case) -> Outcome {
    let seeds = std::env::var("SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok());
    let outcomes = (0..seeds.unwrap_or(2)).map(|seed| {
        // It begins anywhere in the server's minute.
        let phase = (seed * 17 % 60) as f64;
        Case {
            seed,
            phase,
            ..case
        }
        .run()
    });
    outcomes.fold(Outcome::default(), Outcome::worse)
}

/// Each meter and each number of workers that is enough; `most` is the time and the throttles.
fn hold(case: Case, workers: &[usize], most: impl Fn(Meter) -> (f64, f64)) {
    for meter in METERS {
        for &workers in workers {
            let case = Case {
                meter,
                workers,
                ..case
            };
            assert!(case.is_bound_by_quota(), "{case:?}");
            let outcome = worst(case);
            let (time, throttled) = most(meter);
            assert!(outcome.time <= time, "{outcome:?} {case:?}");
            assert!(outcome.throttled <= throttled, "{outcome:?} {case:?}");
            // More than a retry layer makes by default.
            assert!(outcome.attempts < 8, "{outcome:?} {case:?}");
            if case.told && !case.neighbour {
                // Where the time itself is out of reach, in proportion.
                let slow = 1.25 * (time / 1.04).max(1.0);
                assert!(outcome.slow <= slow, "{outcome:?} {case:?}");
            }
        }
    }
}

#[test]
fn a_told_quota_of_calls_is_run_at() {
    for limit in [4, 6, 10, 60, 600] {
        hold(calls(limit), &[50, 300], |_| (1.04, 0.0));
    }
    hold(calls(6000), &[1000], |_| (1.04, 0.0));
    // Half the time to make up for the burst that is not known of: ten seconds of five minutes.
    let short = Case {
        minutes: 5.0,
        ..calls(600)
    };
    hold(short, &[1000], |_| (1.05, 0.0));
}

#[test]
fn a_told_quota_of_tokens_is_run_at() {
    for shape in [PLAIN, BURNS] {
        hold(tokens(200_000, shape), &[50, 300], |_| (1.04, 0.005));
    }
    // Calls that come to four times what they reserve.
    hold(tokens(200_000, OWES), &[50, 300], |_| (1.05, 0.005));
    hold(tokens(4_000_000, PLAIN), &[1000], |_| (1.04, 0.005));
    // What is reserved and not used is out of reach while a call lasts, as it is on the server.
    hold(tokens(200_000, TWICE), &[50, 300], |_| (1.06, 0.005));
    hold(tokens(200_000, SLOW), &[300], |_| (1.07, 0.005));
    hold(tokens(200_000, TENFOLD), &[300], |_| (1.27, 0.005));
}

#[test]
fn a_neighbour_is_given_way_to_and_the_rest_is_used() {
    for case in [calls(60), calls(600), tokens(200_000, PLAIN)] {
        let neighbour = Case {
            neighbour: true,
            ..case
        };
        hold(neighbour, &[50, 300], |_| (1.15, 0.1));
        let told = false;
        hold(Case { told, ..neighbour }, &[50, 300], |_| (1.15, 0.1));
    }
}

#[test]
fn an_unknown_quota_is_found() {
    for case in [
        calls(60),
        calls(600),
        tokens(200_000, PLAIN),
        tokens(200_000, BURNS),
        tokens(200_000, TWICE),
    ] {
        let told = false;
        hold(Case { told, ..case }, &[50, 300], |_| (1.15, 0.05));
    }
    let fast = Case {
        told: false,
        ..calls(6000)
    };
    hold(fast, &[1000], |_| (1.15, 0.05));
}

#[test]
#[ignore = "takes minutes: SEEDS and TOLD=0 and NEIGHBOUR=1 say what of"]
fn sweep() {
    let set = |name: &str, value: &str| std::env::var(name).is_ok_and(|set| set == value);
    let rpm = [4, 6, 10, 60, 600, 6000].map(|limit| (format!("{limit} calls"), calls(limit)));
    let shapes = [
        ("plain", PLAIN),
        ("burns", BURNS),
        ("owes", OWES),
        ("twice", TWICE),
        ("tenfold", TENFOLD),
        ("slow", SLOW),
    ];
    let tpm = shapes.into_iter().flat_map(|(name, shape)| {
        [20_000, 200_000, 4_000_000]
            .map(|limit| (format!("{limit} tokens, {name}"), tokens(limit, shape)))
    });
    println!("limit | meter | time, throttled, slow, attempts of 50 | 300 | 1000 workers");
    for (name, case) in rpm.into_iter().chain(tpm) {
        for meter in METERS {
            let cells = [50, 300, 1000].map(|workers| {
                let case = Case {
                    meter,
                    workers,
                    told: !set("TOLD", "0"),
                    neighbour: set("NEIGHBOUR", "1"),
                    ..case
                };
                if !case.is_bound_by_quota() {
                    return "-".to_owned();
                }
                let Outcome {
                    time,
                    throttled,
                    slow,
                    attempts,
                } = worst(case);
                format!("{time:.3} {throttled:.4} {slow:.2} {attempts}")
            });
            println!("{name} | {meter:?} | {}", cells.join(" | "));
        }
    }
}
