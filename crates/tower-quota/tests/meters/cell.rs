//! One workload on one meter: the oracle's time, and that of the layer and its peers.

use std::fmt;
use std::sync::Arc;

use tower::Service;

use crate::metered::client;
use crate::metered::neighbour::{QUIET, departures};
use crate::metered::outcome::Outcome;
use crate::metered::server::{Meter, Server};
use crate::metered::subject::{self, Subject};
use crate::metered::wire::{Answer, Throttled, Wire};
use crate::metered::workload::{Call, Workload};
use crate::{oracle, peers};

/// Of the oracle's time: who needs so many times more is broken off.
const HOPELESS: f64 = 40.0;
/// The full rate is back when a minute has that part of it.
const FULL: f64 = 0.85;

#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) workload: Workload,
    pub(crate) meter: Meter,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Who {
    Layer,
    /// The layer where it is told nothing.
    Untold,
    Semaphore,
    Paced,
}

/// One of them beside the oracle, with one seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Score {
    pub(crate) oracle_seconds: f64,
    pub(crate) oracle_wait: f64,
    /// The time to the last answer, in the oracle's.
    pub(crate) time: f64,
    /// The mean wait, in seconds.
    pub(crate) wait: f64,
    pub(crate) throttles: usize,
    pub(crate) throttles_per_ok: f64,
    pub(crate) in_ten_seconds: usize,
    /// Seconds from a neighbour's leaving until a minute with the full rate begins, the longest of
    /// all; infinite where none came, and `None` where there was nothing to be seen.
    pub(crate) back: Option<f64>,
    pub(crate) attempts: u32,
    pub(crate) finished: bool,
}

impl Cell {
    pub(crate) fn scores(&self, who: &[Who], seed: u64) -> Vec<Score> {
        let calls = self.workload.draw(seed);
        let server = self.server(&calls, seed);
        let alone = server.clone();
        let oracle = oracle::run(
            &self.workload,
            &calls,
            server.clone().beside(&self.workload.neighbours),
        );
        let full = if self.workload.neighbours.is_empty() {
            0.0
        } else {
            let rate = oracle::run(&self.workload.alone(), &calls, alone).rate() * 60.0;
            let limits = self.workload.limits;
            limits
                .tokens
                .or(limits.calls)
                .map_or(rate, |limit| rate.min(limit))
        };
        let scores = who.iter().map(|&who| {
            let most = HOPELESS * oracle.seconds + 600.0;
            let outcome = self.play(who, &calls, server.clone(), seed, most);
            Score {
                oracle_seconds: oracle.seconds,
                oracle_wait: oracle.mean_wait(),
                time: outcome.seconds / oracle.seconds,
                wait: outcome.mean_wait(),
                throttles: outcome.throttles.len(),
                throttles_per_ok: outcome.throttles_per_ok(),
                in_ten_seconds: outcome.most_throttles_in_ten_seconds(),
                back: self.back(&outcome, full),
                attempts: outcome.attempts,
                finished: outcome.finished,
            }
        });
        scores.collect()
    }

    /// It begins anywhere in the server's minute.
    fn server(&self, calls: &[Call], seed: u64) -> Server {
        let largest = calls.iter().map(|call| call.reserved).max().unwrap_or(0);
        let phase = fastrand::Rng::with_seed(seed + 99).f64() * 60.0;
        Server::new(self.meter, self.workload.limits, largest as f64, phase)
    }

    fn play(&self, who: Who, calls: &[Call], server: Server, seed: u64, most: f64) -> Outcome {
        let workload = &self.workload;
        let server = server.beside(&workload.neighbours);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let wire = Arc::new(Wire::new(workload, server, calls.len(), seed));
            match who {
                Who::Layer => {
                    let limits = || subject::told(workload);
                    let each = || subject::around(wire.service(), limits()).0;
                    client::run(workload, calls, &wire, &self.processes(each), most).await
                }
                Who::Untold => {
                    let each =
                        || -> Subject<_> { subject::around(wire.service(), subject::nothing()).0 };
                    client::run(workload, calls, &wire, &self.processes(each), most).await
                }
                Who::Semaphore => {
                    let each = || peers::semaphore(wire.service());
                    client::run(workload, calls, &wire, &self.processes(each), most).await
                }
                Who::Paced => {
                    let largest = calls.iter().map(|call| call.reserved).max().unwrap_or(0);
                    let each = || peers::Paced::new(wire.service(), workload, largest as f64);
                    client::run(workload, calls, &wire, &self.processes(each), most).await
                }
            }
        })
    }

    fn processes<S>(&self, each: impl Fn() -> S) -> Vec<S>
    where
        S: Service<Call, Response = Answer, Error = Throttled>,
    {
        (0..self.workload.processes).map(|_| each()).collect()
    }

    fn back(&self, outcome: &Outcome, full: f64) -> Option<f64> {
        let seen = |left: &f64| left + QUIET <= outcome.seconds;
        let back = |left| {
            let minute = outcome.minute_with(FULL * full, left);
            minute.unwrap_or(f64::INFINITY)
        };
        departures(&self.workload.neighbours)
            .filter(seen)
            .map(back)
            .reduce(f64::max)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on ", self.workload.name)?;
        match self.meter {
            Meter::Bucket(seconds) => write!(f, "bucket {seconds} s"),
            Meter::Fixed => f.write_str("fixed"),
            Meter::Sliding => f.write_str("sliding"),
        }
    }
}
