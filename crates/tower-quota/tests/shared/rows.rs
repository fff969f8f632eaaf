//! The same fleet with several seeds.

use std::fmt;
use std::ops::Range;

use crate::plan::Plan;
use crate::table::{self, Row};

/// Of what the meter may let in in a minute; what one process tries is as much.
const SENT: f64 = 1.05;
/// Until all processes have an answer of a log that was away, in seconds.
const BACK: f64 = 5.0;

pub(crate) struct Rows(Vec<Row>);

impl Rows {
    pub(crate) fn measure(seeds: Range<u64>, plan: impl Fn(u64) -> Plan) -> Self {
        let rows = seeds.map(|seed| Row::measure(&plan(seed), false));
        Self(rows.collect())
    }

    /// The median.
    pub(crate) fn typical(&self, of: impl Fn(&Row) -> f64) -> f64 {
        let mut all: Vec<f64> = self.0.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    }

    pub(crate) fn all(&self, hold: impl Fn(&Row) -> bool) -> bool {
        self.0.iter().all(hold)
    }

    /// What does not hold of what always must, and of `more`.
    pub(crate) fn broken(&self, more: &[(&'static str, bool)]) -> Vec<&'static str> {
        let always = [
            ("lost", self.all(|row| row.fleet.lost == 0)),
            ("idle", self.all(|row| row.fleet.idle_commands == 0)),
            ("agree", self.all(|row| row.fleet.disagree.is_empty())),
            ("back", self.all(|row| row.fleet.back <= BACK)),
            (
                "sent",
                self.all(|row| row.fleet.most_sent <= SENT.max(row.alone.most_sent)),
            ),
        ];
        let checks = always.iter().chain(more);
        let broken = checks.filter(|(_, holds)| !holds);
        broken.map(|(what, _)| *what).collect()
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", table::head())?;
        for row in &self.0 {
            writeln!(f, "{:<42} | {}", "", row.line())?;
            writeln!(f, "  {}", row.course())?;
        }
        Ok(())
    }
}
