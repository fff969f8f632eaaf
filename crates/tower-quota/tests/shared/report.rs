//! What is measured of a fleet.

use crate::metered::outcome::Outcome;
use crate::metered::server::Meter;
use crate::metered::workload::Call;
use crate::plan::Plan;
use crate::work::Done;

const MINUTE: f64 = 60.0;
/// Of the [course](Report::course).
const PIECE: f64 = 10.0;
/// Of the calls: when so many are done, it is looked at who has done how much.
const MIDWAY: f64 = 0.6;
/// Of an equal share.
const FAIR: f64 = 0.95;

#[derive(Clone, Debug)]
pub(crate) struct Report {
    meter: Meter,
    phase: f64,
    limit: f64,
    /// When the last call was done.
    pub(crate) seconds: f64,
    pub(crate) ok: usize,
    pub(crate) lost: usize,
    pub(crate) throttles: usize,
    /// What the process with the least work has done of an equal share, before the last ones have nothing to do.
    pub(crate) least_share: f64,
    /// How many calls it has done less than 0.95 of that.
    pub(crate) calls_short: f64,
    /// In any minute, of what the meter may let in in one, were all let in.
    pub(crate) most_sent: f64,
    pub(crate) attempts: u32,
    /// To the log, of all processes.
    pub(crate) commands: u64,
    /// In minutes in which there is nothing to do.
    pub(crate) idle_commands: u64,
    pub(crate) longest_log: u64,
    /// What came to the server in each ten seconds, of what the limit brings in these, and how many refusals there were.
    pub(crate) course: Vec<(f64, usize)>,
    /// What a process knows of the limits that others know otherwise, when all is said.
    pub(crate) disagree: Vec<String>,
    /// Seconds from the end of what befell the log until all processes have had an answer.
    pub(crate) back: f64,
}

impl Report {
    pub(crate) fn new(plan: &Plan, calls: &[Call], phase: f64, done: &[Done]) -> Self {
        let limits = plan.workload.limits;
        let limit = limits.tokens.or(limits.calls);
        let mut numbers: Vec<_> = done.iter().map(|done| done.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let (least_share, calls_short) = least_share(plan, done);
        Self {
            meter: plan.meter,
            phase,
            limit: limit.expect("a fleet has a limit"),
            seconds: done.last().map_or(0.0, |done| done.at),
            ok: done.len(),
            lost: calls.len() - numbers.len(),
            throttles: 0,
            least_share,
            calls_short,
            most_sent: 0.0,
            attempts: done.iter().map(|done| done.attempts).max().unwrap_or(0),
            commands: 0,
            idle_commands: 0,
            longest_log: 0,
            course: Vec::new(),
            disagree: Vec::new(),
            back: 0.0,
        }
    }

    /// What was seen from the wire.
    pub(crate) fn measure(&mut self, outcome: &Outcome) {
        self.throttles = outcome.throttles.len();
        let sent = &outcome.sent;
        self.course = vec![(0.0, 0); (self.seconds / PIECE) as usize + 1];
        for &(at, amount) in sent {
            if let Some((part, _)) = self.course.get_mut((at / PIECE) as usize) {
                *part += amount / self.limit * MINUTE / PIECE;
            }
        }
        for at in &outcome.throttles {
            if let Some((_, throttles)) = self.course.get_mut((at / PIECE) as usize) {
                *throttles += 1;
            }
        }
        self.most_sent = match self.meter {
            Meter::Sliding => in_any_minute(sent) / self.limit,
            Meter::Bucket(seconds) => in_any_minute(sent) / (self.limit * (1.0 + seconds / MINUTE)),
            Meter::Fixed => in_a_minute_from(self.phase, sent) / self.limit,
        };
    }

    pub(crate) fn throttles_per_ok(&self) -> f64 {
        self.throttles as f64 / self.ok.max(1) as f64
    }

    pub(crate) fn commands_per_ok(&self) -> f64 {
        self.commands as f64 / self.ok.max(1) as f64
    }
}

/// Of an equal share of what is done midway, and how many calls less than nearly that.
fn least_share(plan: &Plan, done: &[Done]) -> (f64, f64) {
    let midway = (done.len() as f64 * MIDWAY) as usize;
    let mut each = vec![0; plan.processes];
    for done in &done[..midway] {
        each[done.process] += 1;
    }
    let equal = midway as f64 / plan.processes as f64;
    let least = f64::from(each.into_iter().min().unwrap_or(0));
    (least / equal.max(1.0), FAIR * equal - least)
}

/// By when each came, which is in order.
fn in_any_minute(sent: &[(f64, f64)]) -> f64 {
    let (mut first, mut sum, mut most) = (0, 0.0, 0.0_f64);
    for &(at, amount) in sent {
        sum += amount;
        while sent[first].0 + MINUTE <= at {
            sum -= sent[first].1;
            first += 1;
        }
        most = most.max(sum);
    }
    most
}

fn in_a_minute_from(phase: f64, sent: &[(f64, f64)]) -> f64 {
    let (mut minute, mut sum, mut most) = (0, 0.0, 0.0_f64);
    for &(at, amount) in sent {
        let its = ((at + phase) / MINUTE) as u64;
        if its != minute {
            (minute, sum) = (its, 0.0);
        }
        sum += amount;
        most = most.max(sum);
    }
    most
}
