use std::fmt;

use serde::Serialize;

use crate::{
    crew::Run,
    flags::{Meter, Plan},
};

/// What came of the calls by each way; the fleet's part is the outermost.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    processes: usize,
    workers: usize,
    load: String,
    meter: Meter,
    calls: usize,
    /// Whether the processes were told the quota.
    told: bool,
    seed: u64,
    #[serde(flatten)]
    fleet: Row,
    /// What clients sent to Redis, by the calls that were made.
    commands_per_call: Option<f64>,
    one_process_s: Option<f64>,
    one_process_failed: Option<usize>,
    one_process_throttled: Option<u64>,
    without_fleet: Option<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    ok: usize,
    failed: usize,
    throttled: u64,
    throttled_per_ok: f64,
    makespan_s: f64,
    /// By the time of one process.
    x_one_process: Option<f64>,
    /// The calls of each process by what an equal share is.
    shares: Vec<f64>,
    least_share: f64,
}

impl Report {
    pub(crate) fn new(plan: &Plan, fleet: &Run, one: Option<&Run>, apart: Option<&Run>) -> Self {
        let row = |run: &Run| Row::new(plan, run, one);
        let commands = fleet.commands.map(|commands| commands as f64);
        Self {
            processes: plan.processes,
            workers: plan.workers,
            load: plan.load.to_string(),
            meter: plan.meter,
            calls: plan.calls,
            told: plan.told,
            seed: plan.seed,
            fleet: row(fleet),
            commands_per_call: commands.map(|commands| round(commands / plan.calls as f64)),
            one_process_s: one.map(|one| round(one.makespan.as_secs_f64())),
            one_process_failed: one.map(|one| plan.calls - one.ok),
            one_process_throttled: one.map(|one| one.throttled),
            without_fleet: apart.map(row),
        }
    }

    pub(crate) fn lost_nothing(&self) -> bool {
        self.fleet.ok == self.calls
    }
}

impl Row {
    fn new(plan: &Plan, run: &Run, one: Option<&Run>) -> Self {
        let equal = plan.calls as f64 / run.made.len() as f64;
        let shares: Vec<f64> = run
            .made
            .iter()
            .map(|made| round(*made as f64 / equal))
            .collect();
        let seconds = run.makespan.as_secs_f64();
        Self {
            ok: run.ok,
            failed: run.failed,
            throttled: run.throttled,
            throttled_per_ok: round(run.throttled as f64 / run.ok.max(1) as f64),
            makespan_s: round(seconds),
            x_one_process: one.map(|one| round(seconds / one.makespan.as_secs_f64())),
            least_share: shares.iter().copied().fold(f64::INFINITY, f64::min),
            shares,
        }
    }
}

/// To thousandths.
fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            processes,
            workers,
            load,
            calls,
            ..
        } = self;
        let told = if self.told { "told" } else { "not told" };
        writeln!(
            f,
            "{processes} processes x {workers} workers, {load} {}, {told}; {calls} calls; seed {}",
            self.meter.describe(),
            self.seed
        )?;
        writeln!(
            f,
            "{:<16} {:>8} {:>7} {:>6} {:>6} {:>9} {:>7} {:>11} {:>13}",
            "",
            "seconds",
            "x one",
            "ok",
            "failed",
            "throttled",
            "per ok",
            "least share",
            "commands/call"
        )?;
        if let Some(seconds) = self.one_process_s {
            let failed = self.one_process_failed.unwrap_or(0);
            let throttled = self.one_process_throttled.unwrap_or(0);
            let ok = calls - failed;
            let per_ok = throttled as f64 / ok.max(1) as f64;
            writeln!(
                f,
                "{:<16} {seconds:>8.1} {:>7.3} {ok:>6} {failed:>6} {throttled:>9} {per_ok:>7.3} {:>11} {:>13}",
                "one process", 1.0, "-", "-"
            )?;
        }
        self.fleet.write(f, "fleet", self.commands_per_call)?;
        if let Some(apart) = &self.without_fleet {
            apart.write(f, "without a fleet", None)?;
        }
        Ok(())
    }
}

impl Row {
    fn write(&self, f: &mut fmt::Formatter<'_>, name: &str, commands: Option<f64>) -> fmt::Result {
        let show = |number: Option<f64>, digits| {
            number.map_or("-".to_owned(), |number| format!("{number:.digits$}"))
        };
        writeln!(
            f,
            "{name:<16} {:>8.1} {:>7} {:>6} {:>6} {:>9} {:>7.3} {:>11.2} {:>13}",
            self.makespan_s,
            show(self.x_one_process, 3),
            self.ok,
            self.failed,
            self.throttled,
            self.throttled_per_ok,
            self.least_share,
            show(commands, 2),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn run(made: &[usize], seconds: u64, ok: usize) -> Run {
        Run {
            ok,
            failed: 0,
            throttled: 2,
            makespan: Duration::from_secs(seconds),
            made: made.to_vec(),
            admitted: Vec::new(),
            commands: Some(20),
            first_error: None,
        }
    }

    #[test]
    fn the_report_is_what_programs_were_promised() {
        let plan = Plan {
            processes: 2,
            workers: 5,
            load: "60rpm".parse().unwrap(),
            meter: Meter::Bucket10,
            calls: 10,
            told: true,
            cache: true,
            kill: None,
            outage: None,
            seed: 1,
        };
        let (fleet, one) = (run(&[6, 4], 11, 10), run(&[10], 10, 10));
        let report = Report::new(&plan, &fleet, Some(&one), Some(&run(&[9, 0], 20, 9)));
        assert!(report.lost_nothing());
        let report = serde_json::to_value(report).unwrap();
        assert_eq!(report["processes"], 2);
        assert_eq!(report["failed"], 0);
        assert_eq!(report["makespan_s"], 11.0);
        assert_eq!(report["one_process_s"], 10.0);
        assert_eq!(report["one_process_throttled"], 2);
        assert_eq!(report["x_one_process"], 1.1);
        assert_eq!(report["shares"], serde_json::json!([1.2, 0.8]));
        assert_eq!(report["commands_per_call"], 2.0);
        assert_eq!(report["without_fleet"]["x_one_process"], 2.0);
        assert_eq!(report["without_fleet"]["least_share"], 0.0);
    }
}
