use std::fmt;

use serde::Serialize;

use super::{
    part::Part,
    plan::Plan,
    row::{Large, Row},
    run::Run,
    way::Way,
};

/// All that was measured: JSON for programs, tables for people.
#[derive(Default, Serialize)]
pub(crate) struct Report {
    parts: Vec<Table>,
}

#[derive(Serialize)]
struct Table {
    plan: Plan,
    rows: Vec<Row>,
}

impl Report {
    pub(super) fn add(&mut self, plan: Plan, runs: &[(Way, Run)]) {
        let large = runs.iter().find(|(way, _)| *way == Way::Large);
        let large = large.map(|(_, run)| Large::of(run));
        let rows = runs.iter();
        let rows = rows.map(|(way, run)| Row::new(&plan, *way, run, large));
        let rows = rows.collect();
        self.parts.push(Table { plan, rows });
    }
}

/// A column's head, and what a row has there with so many digits.
type Column = (&'static str, fn(&Row) -> Option<f64>, usize);

const COUNTS: &[Column] = &[
    ("ok", |row| Some(row.ok as f64), 0),
    ("failed", |row| Some(row.failed as f64), 0),
];
const TIMES: &[Column] = &[
    ("seconds", |row| row.makespan_s, 1),
    ("x large", |row| row.x_large, 3),
];
const THROTTLES: &[Column] = &[
    ("throttled", |row| Some(row.throttled as f64), 0),
    ("per ok", |row| row.throttled_per_ok, 3),
];
const FIRST: &[Column] = &[
    ("1st %", |row| row.first_region_percent, 1),
    ("used %", |row| row.first_used_percent, 1),
    ("2nd s", |row| row.second_after_s, 1),
];
const CALLERS: &[Column] = &[
    ("p50 s", |row| row.p50_s, 1),
    ("p99 s", |row| row.p99_s, 1),
    ("max s", |row| row.max_s, 1),
];
const DOWN: &[Column] = &[
    ("x large", |row| row.x_large, 3),
    ("late", |row| Some(row.down.as_ref()?.late as f64), 0),
    ("extra s", |row| Some(row.down.as_ref()?.longest_extra_s), 1),
    ("probes %", |row| Some(row.down.as_ref()?.probes_percent), 1),
    ("back s", |row| row.down.as_ref()?.back_after_s, 0),
    ("1st %", |row| row.first_region_percent, 1),
];
const CHAT: &[Column] = &[
    ("moved %", |row| Some(row.chat.as_ref()?.moved_percent), 1),
    ("written", |row| Some(row.chat.as_ref()?.written as f64), 0),
    ("x large", |row| row.chat.as_ref()?.written_x_large, 3),
    ("read", |row| Some(row.chat.as_ref()?.read as f64), 0),
    ("1st %", |row| row.first_region_percent, 1),
];

impl Part {
    fn columns(self) -> Vec<Column> {
        let groups: &[_] = match self {
            Self::Requests | Self::Tokens | Self::Calm => {
                &[COUNTS, TIMES, THROTTLES, FIRST, CALLERS]
            }
            Self::Down => &[COUNTS, DOWN, CALLERS],
            Self::Chat => &[COUNTS, TIMES, THROTTLES, CHAT, CALLERS],
        };
        groups.concat()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, table) in self.parts.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{table}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.plan)?;
        let columns = self.plan.part.columns();
        write!(f, "\n{:<16}", "way")?;
        for (name, ..) in &columns {
            write!(f, " {name:>8}")?;
        }
        for row in &self.rows {
            write!(f, "\n{:<16}", row.way)?;
            for (_, number, digits) in &columns {
                let cell = number(row).map(|number| format!("{number:.digits$}"));
                write!(f, " {:>8}", cell.as_deref().unwrap_or("-"))?;
            }
        }
        writeln!(f)
    }
}
