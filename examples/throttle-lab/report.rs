use std::{fmt, time::Duration};

use serde::Serialize;

use crate::{ideal::Ideal, run::Run, scenario::Scenario, strategy::Strategy};

/// All that was measured: JSON for programs, a table for people.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    scenario: &'a Scenario,
    ideal_s: f64,
    oracle_s: f64,
    oracle_wait_s: f64,
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
    x_ideal: Option<f64>,
    /// The makespan by the oracle's.
    x_oracle: Option<f64>,
    throttled: u64,
    throttled_per_ok: Option<f64>,
    /// What a call takes on average beside the model's and the network's time.
    wait_s: Option<f64>,
    p50_s: Option<f64>,
    p99_s: Option<f64>,
    max_s: Option<f64>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(
        scenario: &'a Scenario,
        ideal: &Ideal,
        oracle: &Run,
        runs: &[(Strategy, Run)],
    ) -> Self {
        let ideal_s = round(ideal.seconds());
        let oracle_s = oracle.makespan().map_or(0.0, seconds);
        let rows = runs
            .iter()
            .map(|(strategy, run)| Row::new(*strategy, run, ideal_s, oracle_s))
            .collect();
        Self {
            scenario,
            ideal_s,
            oracle_s,
            oracle_wait_s: oracle.mean_wait().map_or(0.0, seconds),
            rows,
        }
    }
}

impl Row {
    fn new(strategy: Strategy, run: &Run, ideal_s: f64, oracle_s: f64) -> Self {
        let mut times: Vec<_> = run.succeeded().map(|call| call.took).collect();
        times.sort_unstable();
        let ok = times.len();
        let makespan_s = run.makespan().map(seconds);
        let by = |other: f64| {
            let makespan = makespan_s.filter(|_| other > 0.0);
            makespan.map(|makespan| round(makespan / other))
        };
        Self {
            strategy,
            ok,
            failed: run.calls - ok,
            makespan_s,
            x_ideal: by(ideal_s),
            x_oracle: by(oracle_s),
            throttled: run.throttled,
            throttled_per_ok: (ok > 0).then(|| round(run.throttled as f64 / ok as f64)),
            wait_s: run.mean_wait().map(seconds),
            p50_s: percentile(&times, 50).map(seconds),
            p99_s: percentile(&times, 99).map(seconds),
            max_s: times.last().copied().map(seconds),
        }
    }
}

/// The least of the sorted times that so many percent of them do not exceed.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// In seconds, to thousandths.
pub(crate) fn seconds(time: Duration) -> f64 {
    round(time.as_secs_f64())
}

/// To thousandths.
pub(crate) fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}; seed {}", self.scenario, self.scenario.seed)?;
        writeln!(
            f,
            "ideal: {:.1} s; oracle: {:.1} s, mean wait {:.1} s",
            self.ideal_s, self.oracle_s, self.oracle_wait_s
        )?;
        writeln!(f)?;
        writeln!(
            f,
            "{:<16} {:>5} {:>6} {:>8} {:>7} {:>8} {:>9} {:>7} {:>7} {:>7} {:>7} {:>7}",
            "strategy",
            "ok",
            "failed",
            "seconds",
            "x ideal",
            "x oracle",
            "throttled",
            "per ok",
            "wait s",
            "p50 s",
            "p99 s",
            "max s"
        )?;
        for row in &self.rows {
            let show = |number: Option<f64>, digits| {
                number.map_or("-".to_owned(), |number| format!("{number:.digits$}"))
            };
            writeln!(
                f,
                "{:<16} {:>5} {:>6} {:>8} {:>7} {:>8} {:>9} {:>7} {:>7} {:>7} {:>7} {:>7}",
                row.strategy,
                row.ok,
                row.failed,
                show(row.makespan_s, 1),
                show(row.x_ideal, 3),
                show(row.x_oracle, 3),
                row.throttled,
                show(row.throttled_per_ok, 3),
                show(row.wait_s, 1),
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

    fn times(all: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        all.into_iter().map(Duration::from_secs).collect()
    }

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let hundred = times(1..=100);
        assert_eq!(percentile(&hundred, 50), Some(Duration::from_secs(50)));
        assert_eq!(percentile(&hundred, 99), Some(Duration::from_secs(99)));
        let three = times([1, 2, 9]);
        assert_eq!(percentile(&three, 50), Some(Duration::from_secs(2)));
        assert_eq!(percentile(&three, 99), Some(Duration::from_secs(9)));
        assert_eq!(percentile(&times([4]), 50), Some(Duration::from_secs(4)));
        assert_eq!(percentile(&[], 50), None);
    }

    fn run(ended: &[(u64, u64, bool)]) -> Run {
        let ended = ended.iter().map(|&(at, took, ok)| Ended {
            at: Duration::from_secs(at),
            took: Duration::from_secs(took),
            waited: Duration::from_secs(took - 1),
            ok,
        });
        Run::of(ended.collect(), 8, 10)
    }

    #[test]
    fn failures_count_but_their_times_do_not() {
        let run = run(&[(1, 1, true), (2, 2, false), (5, 4, true), (9, 9, false)]);
        let row = Row::new(Strategy::None, &run, 4.0, 4.5);
        let wanted = Row {
            strategy: Strategy::None,
            ok: 2,
            // Six of the ten calls never ended.
            failed: 8,
            makespan_s: Some(5.0),
            x_ideal: Some(1.25),
            x_oracle: Some(1.111),
            throttled: 8,
            throttled_per_ok: Some(4.0),
            wait_s: Some(1.5),
            p50_s: Some(1.0),
            p99_s: Some(4.0),
            max_s: Some(4.0),
        };
        assert_eq!(row, wanted);
    }

    #[test]
    fn where_no_call_succeeds_there_is_no_time() {
        let row = Row::new(Strategy::None, &run(&[(2, 2, false)]), 4.0, 4.5);
        assert_eq!((row.ok, row.failed), (0, 10));
        assert_eq!((row.makespan_s, row.x_ideal, row.p99_s), (None, None, None));
        assert_eq!((row.x_oracle, row.wait_s), (None, None));
    }

    #[test]
    fn the_report_is_what_programs_were_promised() {
        let scenario = Scenario::named(Name::Requests);
        let ideal = Ideal::new(&scenario, 400_000);
        let runs = [(Strategy::SdkStandard, run(&[(1, 1, true)]))];
        let report = Report::new(&scenario, &ideal, &run(&[(9, 3, true)]), &runs);
        let report = serde_json::to_value(report).unwrap();
        assert_eq!(
            (&report["oracle_s"], &report["oracle_wait_s"]),
            (&9.0.into(), &2.0.into())
        );
        assert_eq!(report["ideal_s"], 590.0);
        assert_eq!(report["scenario"]["rpm"], 60);
        assert_eq!(report["scenario"]["network_s"], 0.03);
        let row = &report["rows"][0];
        assert_eq!(row["strategy"], "sdk-standard");
        for number in [
            "ok",
            "failed",
            "makespan_s",
            "x_ideal",
            "x_oracle",
            "throttled",
            "wait_s",
            "p50_s",
            "p99_s",
            "max_s",
        ] {
            assert!(row[number].is_number(), "{number}");
        }
    }
}
