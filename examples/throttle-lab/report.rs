use std::{fmt, time::Duration};

use serde::Serialize;

use crate::{ideal::Ideal, run::Run, scenario::Scenario, strategy::Strategy};

/// All that was measured: JSON for programs, a table for people.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    scenario: &'a Scenario,
    ideal_s: f64,
    rows: Vec<Row>,
}

/// One strategy. Times are of calls that succeeded; there are none if no call did.
#[derive(Debug, PartialEq, Serialize)]
struct Row {
    strategy: Strategy,
    ok: usize,
    failed: usize,
    /// Until the last call that succeeded.
    makespan_s: Option<f64>,
    /// The makespan by the ideal time.
    ratio: Option<f64>,
    throttled: u64,
    throttled_per_ok: Option<f64>,
    p50_s: Option<f64>,
    p99_s: Option<f64>,
    max_s: Option<f64>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(scenario: &'a Scenario, ideal: &Ideal, runs: &[(Strategy, Run)]) -> Self {
        let ideal_s = round(ideal.seconds());
        let rows = runs
            .iter()
            .map(|(strategy, run)| Row::new(*strategy, run, ideal_s))
            .collect();
        Self {
            scenario,
            ideal_s,
            rows,
        }
    }
}

impl Row {
    fn new(strategy: Strategy, run: &Run, ideal_s: f64) -> Self {
        let mut times: Vec<_> = run.succeeded().map(|call| call.took).collect();
        times.sort_unstable();
        let ok = times.len();
        let seconds = |time: Option<Duration>| time.map(|time| round(time.as_secs_f64()));
        let makespan_s = seconds(run.makespan());
        Self {
            strategy,
            ok,
            failed: run.calls - ok,
            makespan_s,
            ratio: makespan_s
                .filter(|_| ideal_s > 0.0)
                .map(|makespan| round(makespan / ideal_s)),
            throttled: run.throttled,
            throttled_per_ok: (ok > 0).then(|| round(run.throttled as f64 / ok as f64)),
            p50_s: seconds(percentile(&times, 50)),
            p99_s: seconds(percentile(&times, 99)),
            max_s: seconds(times.last().copied()),
        }
    }
}

/// The least of the sorted times that so many percent of them do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// To thousandths.
fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}; seed {}", self.scenario, self.scenario.seed)?;
        writeln!(f, "ideal: {:.1} s", self.ideal_s)?;
        writeln!(f)?;
        writeln!(
            f,
            "{:<16} {:>6} {:>7} {:>10} {:>8} {:>10} {:>7} {:>8} {:>8} {:>8}",
            "strategy",
            "ok",
            "failed",
            "seconds",
            "x ideal",
            "throttled",
            "per ok",
            "p50",
            "p99",
            "max"
        )?;
        for row in &self.rows {
            let show = |number: Option<f64>, digits| {
                number.map_or("-".to_owned(), |number| format!("{number:.digits$}"))
            };
            writeln!(
                f,
                "{:<16} {:>6} {:>7} {:>10} {:>8} {:>10} {:>7} {:>8} {:>8} {:>8}",
                row.strategy,
                row.ok,
                row.failed,
                show(row.makespan_s, 1),
                show(row.ratio, 3),
                row.throttled,
                show(row.throttled_per_ok, 3),
                show(row.p50_s, 1),
                show(row.p99_s, 1),
                show(row.max_s, 1),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{run::Ended, scenario::Name};

    fn seconds(all: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        all.into_iter().map(Duration::from_secs).collect()
    }

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let hundred = seconds(1..=100);
        assert_eq!(percentile(&hundred, 50), Some(Duration::from_secs(50)));
        assert_eq!(percentile(&hundred, 99), Some(Duration::from_secs(99)));
        let three = seconds([1, 2, 9]);
        assert_eq!(percentile(&three, 50), Some(Duration::from_secs(2)));
        assert_eq!(percentile(&three, 99), Some(Duration::from_secs(9)));
        assert_eq!(percentile(&seconds([4]), 50), Some(Duration::from_secs(4)));
        assert_eq!(percentile(&[], 50), None);
    }

    fn run(ended: &[(u64, u64, bool)]) -> Run {
        let ended = ended.iter().map(|&(at, took, ok)| Ended {
            at: Duration::from_secs(at),
            took: Duration::from_secs(took),
            ok,
        });
        Run::of(ended.collect(), 8, 10)
    }

    #[test]
    fn failures_count_but_their_times_do_not() {
        let run = run(&[(1, 1, true), (2, 2, false), (5, 4, true), (9, 9, false)]);
        let row = Row::new(Strategy::None, &run, 4.0);
        let wanted = Row {
            strategy: Strategy::None,
            ok: 2,
            // Six of the ten calls never ended.
            failed: 8,
            makespan_s: Some(5.0),
            ratio: Some(1.25),
            throttled: 8,
            throttled_per_ok: Some(4.0),
            p50_s: Some(1.0),
            p99_s: Some(4.0),
            max_s: Some(4.0),
        };
        assert_eq!(row, wanted);
    }

    #[test]
    fn where_no_call_succeeds_there_is_no_time() {
        let row = Row::new(Strategy::None, &run(&[(2, 2, false)]), 4.0);
        assert_eq!((row.ok, row.failed), (0, 10));
        assert_eq!((row.makespan_s, row.ratio, row.p99_s), (None, None, None));
    }

    #[test]
    fn the_report_is_what_programs_were_promised() {
        let scenario = Scenario::named(Name::Requests);
        let ideal = Ideal::new(&scenario, 400_000);
        let runs = [(Strategy::SdkStandard, run(&[(1, 1, true)]))];
        let report = serde_json::to_value(Report::new(&scenario, &ideal, &runs)).unwrap();
        assert_eq!(report["ideal_s"], 590.0);
        assert_eq!(report["scenario"]["rpm"], 60);
        assert_eq!(report["scenario"]["network_s"], 0.03);
        let row = &report["rows"][0];
        assert_eq!(row["strategy"], "sdk-standard");
        for number in [
            "ok",
            "failed",
            "makespan_s",
            "throttled",
            "p50_s",
            "p99_s",
            "max_s",
        ] {
            assert!(row[number].is_number(), "{number}");
        }
    }
}
