use std::{fmt, time::Duration};

use serde::Serialize;

use super::run::{Ended, Run};
use crate::{
    batch::Batch,
    fault::FaultSpan,
    report::{percentile, round, seconds},
    scenario::Scenario,
    strategy::Strategy,
};

/// A caller is told fast if it is told within so long.
const FAST: Duration = Duration::from_secs(6);
/// Goodput is looked at in pieces of so long, and has come back at so much of the healthy one.
const PIECE: Duration = Duration::from_secs(10);
const RECOVERED: f64 = 0.95;
/// One of so many callers may be told later, and so many are asked at least.
const SLOW: u32 = 20;
const FEWEST: u32 = 50;

/// All that was measured: JSON for programs, a table for people.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    scenario: &'a Scenario,
    /// Answers a second that the workers get where nothing fails.
    healthy_per_s: f64,
    rows: Vec<Row>,
}

/// One strategy. There are no times if no call succeeded.
#[derive(Debug, PartialEq, Serialize)]
struct Row {
    strategy: Strategy,
    ok: usize,
    failed: usize,
    lost_percent: Option<f64>,
    /// Answers a second by the healthy rate.
    goodput: f64,
    /// Requests on the wire for each answer.
    sent_per_ok: Option<f64>,
    p50_s: Option<f64>,
    p99_s: Option<f64>,
    max_s: Option<f64>,
    /// Where the fault is for a span of time.
    outage: Option<Outage>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Outage {
    /// From its begin on until 95 % of the new callers are told within 6 seconds; none if they never
    /// are.
    fast_after_s: Option<f64>,
    /// Requests on the wire by the healthy rate, from then on, or from 10 s on.
    load_percent: f64,
    /// From its end on until the first ten seconds with 95 % of the healthy goodput.
    recovered_after_s: Option<f64>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(
        scenario: &'a Scenario,
        lasts: Duration,
        batch: &Batch,
        runs: &[(Strategy, Run)],
    ) -> Self {
        let times = batch.costs.iter().map(|cost| cost.time + scenario.network);
        let mean = times.sum::<Duration>().as_secs_f64() / batch.costs.len() as f64;
        let healthy = scenario.workers as f64 / mean;
        let row = |(strategy, run): &(Strategy, Run)| {
            let span = scenario.fault.and_then(|fault| fault.span);
            Row::new(*strategy, run, healthy, lasts, span)
        };
        Self {
            scenario,
            healthy_per_s: round(healthy),
            rows: runs.iter().map(row).collect(),
        }
    }
}

impl Row {
    fn new(
        strategy: Strategy,
        run: &Run,
        healthy: f64,
        lasts: Duration,
        span: Option<FaultSpan>,
    ) -> Self {
        let succeeded = run.ended.iter().filter(|call| call.ok);
        let mut times: Vec<_> = succeeded.map(|call| call.took).collect();
        times.sort_unstable();
        let (ok, calls) = (times.len(), run.ended.len());
        Self {
            strategy,
            ok,
            failed: calls - ok,
            lost_percent: (calls > 0).then(|| round(100.0 * (calls - ok) as f64 / calls as f64)),
            goodput: round(ok as f64 / lasts.as_secs_f64() / healthy),
            sent_per_ok: (ok > 0).then(|| round(run.sent.len() as f64 / ok as f64)),
            p50_s: percentile(&times, 50).map(seconds),
            p99_s: percentile(&times, 99).map(seconds),
            max_s: times.last().copied().map(seconds),
            outage: span.map(|span| Outage::new(run, healthy, lasts, span)),
        }
    }
}

impl Outage {
    fn new(run: &Run, healthy: f64, lasts: Duration, span: FaultSpan) -> Self {
        let fast_after = fast_after(run, span);
        let calm = fast_after.map_or(PIECE, |after| after.max(PIECE));
        let from = span.from + calm;
        let sent = run.sent.iter().filter(|&at| (from..span.to).contains(at));
        let rate = sent.count() as f64 / (span.to.saturating_sub(from)).as_secs_f64();
        let answers = |from: Duration| {
            let piece = from..from + PIECE;
            let ok = |call: &&Ended| call.ok && piece.contains(&call.at());
            run.ended.iter().filter(ok).count() as f64
        };
        let enough = RECOVERED * healthy * PIECE.as_secs_f64();
        let pieces = (0..).map(|second| span.to + Duration::from_secs(second));
        let recovered = pieces
            .take_while(|from| *from + PIECE <= lasts)
            .find(|from| answers(*from) >= enough);
        Self {
            fast_after_s: fast_after.map(seconds),
            load_percent: round(100.0 * rate / healthy),
            recovered_after_s: recovered.map(|at| seconds(at - span.to)),
        }
    }
}

/// How long after the begin those callers come of whom nearly all are told within [`FAST`].
///
/// Those who come just before the end are answered by a service that is well again; and who comes with
/// a probe waits for its result.
fn fast_after(run: &Run, span: FaultSpan) -> Option<Duration> {
    let last = span.to.saturating_sub(PIECE);
    let during = run.ended.iter();
    let mut during: Vec<_> = during
        .filter(|call| (span.from..last).contains(&call.began))
        .map(|call| (call.began, call.took > FAST))
        .collect();
    during.sort_unstable();
    let (mut slow, mut fast_from) = (0, None);
    for (later, (began, is_slow)) in (1..).zip(during.into_iter().rev()) {
        slow += u32::from(is_slow);
        if later >= FEWEST && slow * SLOW <= later {
            fast_from = Some(began);
        }
    }
    fast_from.map(|began| began - span.from)
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}; seed {}", self.scenario, self.scenario.seed)?;
        writeln!(f, "healthy: {:.1} answers a second\n", self.healthy_per_s)?;
        let head = [
            "ok", "failed", "lost %", "goodput", "sent/ok", "p50 s", "p99 s", "max s",
        ];
        let outage = ["fast s", "load %", "back s"];
        let show = |number: Option<f64>, digits: usize| {
            number.map_or("-".to_owned(), |number| format!("{number:.digits$}"))
        };
        write!(f, "{:<16}", "strategy")?;
        let with_outage = self.rows.iter().any(|row| row.outage.is_some());
        let outage = outage.iter().filter(|_| with_outage);
        for name in head.iter().chain(outage) {
            write!(f, " {name:>7}")?;
        }
        writeln!(f)?;
        for row in &self.rows {
            let mut cells = vec![
                row.ok.to_string(),
                row.failed.to_string(),
                show(row.lost_percent, 2),
                show(Some(row.goodput), 3),
                show(row.sent_per_ok, 2),
                show(row.p50_s, 1),
                show(row.p99_s, 1),
                show(row.max_s, 1),
            ];
            if let Some(outage) = &row.outage {
                cells.push(show(outage.fast_after_s, 1));
                cells.push(show(Some(outage.load_percent), 1));
                cells.push(show(outage.recovered_after_s, 0));
            }
            write!(f, "{:<16}", row.strategy)?;
            for cell in cells {
                write!(f, " {cell:>7}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn run(calls: &[(f64, f64, bool)], sent: &[f64]) -> Run {
        let ended = calls.iter().map(|&(began, took, ok)| Ended {
            began: time(began),
            took: time(took),
            ok,
        });
        Run::of(ended.collect(), sent.iter().copied().map(time).collect())
    }

    const SPAN: FaultSpan = FaultSpan {
        from: Duration::from_secs(100),
        to: Duration::from_secs(200),
    };

    #[test]
    fn what_is_lost_is_a_share_of_what_ended() {
        let run = run(
            &[
                (0.0, 2.0, true),
                (0.0, 1.0, false),
                (2.0, 4.0, true),
                (3.0, 1.0, true),
            ],
            &[0.0, 0.0, 2.0, 2.5, 3.0, 3.5],
        );
        let row = Row::new(Strategy::Stack, &run, 0.5, time(10.0), None);
        assert_eq!((row.ok, row.failed, row.lost_percent), (3, 1, Some(25.0)));
        assert_eq!((row.goodput, row.sent_per_ok), (0.6, Some(2.0)));
        assert_eq!((row.p50_s, row.max_s), (Some(2.0), Some(4.0)));
    }

    #[test]
    fn an_outage_is_fast_once_nearly_all_callers_are_told_fast() {
        let fast = |calls: &[(f64, f64, bool)]| fast_after(&run(calls, &[]), SPAN);
        // A caller each second, of whom those of the first ten seconds wait, and one later.
        let mut calls: Vec<_> = (0..90)
            .map(|n| {
                let slow = n < 10 || n == 50;
                (100.0 + f64::from(n), if slow { 7.0 } else { 6.0 }, false)
            })
            .collect();
        // Three in 83 are no more than one in 20; who came before the begin is not asked.
        assert_eq!(fast(&calls), Some(time(7.0)));
        calls.push((99.0, 30.0, false));
        assert_eq!(fast(&calls), Some(time(7.0)));
        let all_slow: Vec<_> = calls.iter().map(|call| (call.0, 30.0, false)).collect();
        assert_eq!(fast(&all_slow), None);
        assert_eq!(fast(&[]), None);
    }

    #[test]
    fn load_and_recovery_are_by_the_healthy_rate() {
        let mut calls: Vec<_> = (0..50).map(|_| (100.0, 5.0, false)).collect();
        // Ten answers in ten seconds come first from the 15th second after the end on.
        calls.extend((0..20).map(|n| (213.0 + f64::from(n), 2.0, true)));
        let sent: Vec<_> = (0..18).map(|n| 100.5 + 5.0 * f64::from(n)).collect();
        let outage = Outage::new(&run(&calls, &sent), 1.0, time(300.0), SPAN);
        assert_eq!(outage.fast_after_s, Some(0.0));
        // 16 requests in 90 s, at one a second.
        assert!((outage.load_percent - 17.778).abs() < 1e-9, "{outage:?}");
        assert_eq!(outage.recovered_after_s, Some(15.0));
    }
}
