use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::{
    ended::{Ended, Told},
    part::Part,
    plan::Plan,
    run::Run,
    used::first_used,
    way::Way,
};
use crate::{
    fault::FaultSpan,
    report::{percentile, round, seconds},
};

/// So many calls may find out that a Region is down.
const FIRST: usize = 10;
/// How much longer than its model and its way a call may take.
const LATE: Duration = Duration::from_secs(2);
/// Traffic is looked at in pieces of so long, and is back at so much of what it was.
const PIECE: Duration = Duration::from_secs(10);
const BACK: f64 = 0.95;

/// One way. There are no times if no call succeeded.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) way: Way,
    pub(super) ok: usize,
    pub(super) failed: usize,
    /// Until the last call that succeeded.
    pub(super) makespan_s: Option<f64>,
    /// By that of one large Region; where workers go on for a time, its answers by these.
    pub(super) x_large: Option<f64>,
    pub(super) throttled: u64,
    pub(super) throttled_per_ok: Option<f64>,
    /// Of the answers.
    pub(super) first_region_percent: Option<f64>,
    /// What the first Region let in, by its quota.
    pub(super) first_used_percent: Option<f64>,
    /// When a request was sent to another Region than the first.
    pub(super) second_after_s: Option<f64>,
    pub(super) p50_s: Option<f64>,
    pub(super) p99_s: Option<f64>,
    pub(super) max_s: Option<f64>,
    pub(super) down: Option<Down>,
    pub(super) chat: Option<Chat>,
}

/// Where the first Region fails for a while.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Down {
    /// Calls that took 2 s longer than their model and their way, of those that began after it failed,
    /// without the first ten.
    pub(super) late: usize,
    /// How much longer the slowest of them took.
    pub(super) longest_extra_s: f64,
    /// Requests that it was sent nevertheless, in % of those a second before.
    pub(super) probes_percent: f64,
    /// From its end on until it has 95 % of the traffic again that it had.
    pub(super) back_after_s: Option<f64>,
}

/// Where conversations have prompt caches.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Chat {
    /// Of the turns that follow another.
    pub(super) moved_percent: f64,
    /// Tokens.
    pub(super) written: u64,
    /// By those of one large Region.
    pub(super) written_x_large: Option<f64>,
    pub(super) read: u64,
}

/// What a row is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Large {
    ok: usize,
    makespan_s: Option<f64>,
    written: u64,
}

impl Large {
    pub(super) fn of(run: &Run) -> Self {
        Self {
            ok: told(run).count(),
            makespan_s: makespan(run),
            written: told(run).map(|told| told.written).sum(),
        }
    }
}

impl Row {
    pub(super) fn new(plan: &Plan, way: Way, run: &Run, large: Option<Large>) -> Self {
        let succeeded = run.ended.iter().filter(|call| call.told.is_some());
        let mut times: Vec<_> = succeeded.map(|call| call.took).collect();
        times.sort_unstable();
        let ok = times.len();
        let percent =
            |part: usize, of: usize| (of > 0).then(|| round(100.0 * part as f64 / of as f64));
        let first = told(run).filter(|told| told.region == 0).count();
        let others = run.sent.iter().skip(1).flatten();
        let scenario = &plan.places(way)[0].scenario;
        let makespan_s = makespan(run);
        let fault = plan.scenario.fault.and_then(|fault| fault.span);
        Self {
            way,
            ok,
            failed: run.calls.unwrap_or(run.ended.len()) - ok,
            makespan_s,
            x_large: large.and_then(|large| match run.calls {
                Some(_) => quotient(makespan_s?, large.makespan_s?),
                None => quotient(ok as f64, large.ok as f64),
            }),
            throttled: run.throttled,
            throttled_per_ok: quotient(run.throttled as f64, ok as f64),
            first_region_percent: percent(first, ok),
            first_used_percent: first_used(run, scenario),
            second_after_s: others.min().copied().map(seconds),
            p50_s: percentile(&times, 50).map(seconds),
            p99_s: percentile(&times, 99).map(seconds),
            max_s: times.last().copied().map(seconds),
            down: fault.map(|span| Down::new(run, span, plan.scenario.network)),
            chat: (plan.part == Part::Chat).then(|| Chat::new(run, large)),
        }
    }
}

impl Down {
    fn new(run: &Run, span: FaultSpan, network: Duration) -> Self {
        let mut after: Vec<_> = run
            .ended
            .iter()
            .filter(|call| call.began >= span.from)
            .collect();
        after.sort_by_key(|call| call.began);
        let extra = |call: &&Ended| {
            let model = call.told.map_or(Duration::ZERO, |told| told.model);
            call.took.saturating_sub(model + network)
        };
        let extras: Vec<_> = after.iter().skip(FIRST).map(extra).collect();
        let rate = |from: Duration, to: Duration| {
            let sent = run.sent.first().into_iter().flatten();
            let number = sent.filter(|&at| (from..to).contains(at)).count();
            number as f64 / (to - from).as_secs_f64()
        };
        let before = rate(span.from.saturating_sub(6 * PIECE), span.from);
        let last = run.ended.iter().map(Ended::at).max().unwrap_or_default();
        let pieces = (0..).map(|second| span.to + Duration::from_secs(second));
        let back = pieces
            .take_while(|from| *from + PIECE <= last)
            .find(|from| rate(*from, *from + PIECE) >= BACK * before);
        Self {
            late: extras.iter().filter(|extra| **extra > LATE).count(),
            longest_extra_s: extras.iter().max().copied().map_or(0.0, seconds),
            probes_percent: round(100.0 * rate(span.from, span.to) / before),
            back_after_s: back.map(|at| seconds(at - span.to)),
        }
    }
}

impl Chat {
    fn new(run: &Run, large: Option<Large>) -> Self {
        let mut last = BTreeMap::new();
        let (mut followed, mut moved) = (0_u32, 0_u32);
        let mut turns: Vec<_> = run.ended.iter().collect();
        turns.sort_by_key(|turn| turn.began);
        for turn in turns {
            let (Some(conversation), Some(told)) = (turn.conversation, turn.told) else {
                continue;
            };
            if let Some(before) = last.insert(conversation, told.region) {
                followed += 1;
                moved += u32::from(before != told.region);
            }
        }
        let written = told(run).map(|told| told.written).sum();
        Self {
            moved_percent: round(100.0 * f64::from(moved) / f64::from(followed.max(1))),
            written,
            written_x_large: large.and_then(|large| quotient(written as f64, large.written as f64)),
            read: told(run).map(|told| told.read).sum(),
        }
    }
}

fn told(run: &Run) -> impl Iterator<Item = Told> {
    run.ended.iter().filter_map(|call| call.told)
}

fn makespan(run: &Run) -> Option<f64> {
    let succeeded = run.ended.iter().filter(|call| call.told.is_some());
    succeeded.map(Ended::at).max().map(seconds)
}

fn quotient(number: f64, by: f64) -> Option<f64> {
    (by > 0.0).then(|| round(number / by))
}

#[cfg(test)]
mod tests;
