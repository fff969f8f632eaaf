use super::{LoadFlags, outcome::Outcomes};
use serde::Serialize;
use std::{
    io::{self, Write},
    time::Duration,
};

/// What the load came to.
#[derive(Serialize)]
pub(super) struct Report {
    callers: u64,
    seconds: u64,
    #[serde(flatten)]
    outcomes: Outcomes,
    /// Of the answers that Bedrock had to give, a minute.
    answers_per_minute: u64,
    p50_seconds: Option<f64>,
    p99_seconds: Option<f64>,
    /// Of the server, simulator and all, in MiB: a reading every so often.
    memory_mib: Vec<u64>,
    shutdown_seconds: f64,
    clean_shutdown: bool,
}

impl Report {
    pub(super) fn of(
        flags: &LoadFlags,
        mut outcomes: Outcomes,
        memory: Vec<u64>,
        clean_shutdown: bool,
        shutdown: Duration,
    ) -> Self {
        outcomes.times.sort_unstable();
        let at = |part: usize| {
            let time = outcomes.times.get(outcomes.times.len() * part / 100)?;
            Some(time.as_secs_f64())
        };
        let asked = outcomes.answered.saturating_sub(outcomes.cached);
        let every = memory.len().div_ceil(12).max(1);
        Self {
            callers: flags.callers,
            seconds: flags.seconds,
            answers_per_minute: asked * 60 / flags.seconds,
            p50_seconds: at(50),
            p99_seconds: at(99),
            memory_mib: memory.into_iter().step_by(every).collect(),
            shutdown_seconds: shutdown.as_secs_f64(),
            clean_shutdown,
            outcomes,
        }
    }

    pub(super) fn is_good(&self) -> bool {
        self.outcomes.answered > 0 && self.outcomes.lost() == 0 && self.clean_shutdown
    }

    pub(super) fn print(&self, as_json: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if as_json {
            return writeln!(out, "{}", serde_json::to_string(self)?);
        }
        let of = &self.outcomes;
        let seconds =
            |time: Option<f64>| time.map_or("-".to_owned(), |time| format!("{time:.2} s"));
        let memory: Vec<_> = self.memory_mib.iter().map(u64::to_string).collect();
        let rows = [
            ("calls", of.calls.to_string()),
            ("answered", of.answered.to_string()),
            ("of them by the cache", of.cached.to_string()),
            (
                "answered by Bedrock, a minute",
                self.answers_per_minute.to_string(),
            ),
            ("lost", of.lost().to_string()),
            (
                "streams cut off and told so",
                of.broken_and_told.to_string(),
            ),
            ("turned away by the shutdown", of.turned_away.to_string()),
            ("answer, p50", seconds(self.p50_seconds)),
            ("answer, p99", seconds(self.p99_seconds)),
            ("memory over time, MiB", memory.join(" ")),
            ("shutdown", seconds(Some(self.shutdown_seconds))),
            ("clean", self.clean_shutdown.to_string()),
        ];
        for (name, value) in rows {
            writeln!(out, "{name:<30} {value}")?;
        }
        for (said, times) in &of.failed {
            writeln!(out, "  lost: {times} × {said}")?;
        }
        Ok(())
    }
}
