use std::fmt;

use serde::Serialize;

use crate::measure::{Implementation, Row};

/// Everything that was measured: JSON for programs, a table for people.
#[derive(Serialize)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(rows: Vec<Row>) -> Self {
        Self { rows }
    }

    fn ours(&self, case: &str) -> Option<f64> {
        self.rows
            .iter()
            .find(|row| row.case == case && row.implementation == Implementation::Ours)
            .map(|row| row.ns)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<32} {:<16} {:>10} {:>7} {:>8}",
            "case", "impl", "ns/call", "allocs", "x ours"
        )?;
        let mut last = "";
        for row in &self.rows {
            if last != row.case && !last.is_empty() {
                writeln!(f)?;
            }
            let case = if last == row.case { "" } else { row.case };
            last = row.case;
            let implementation = match row.implementation {
                Implementation::Ours => "ours",
                Implementation::Bare => "bare",
                Implementation::Tower => "tower",
                Implementation::TowerResilience => "tower-resilience",
                Implementation::Sdk => "sdk",
            };
            write!(
                f,
                "{case:<32} {implementation:<16} {:>10.1} {:>7.1}",
                row.ns, row.allocs
            )?;
            match self.ours(row.case) {
                Some(ours) => writeln!(f, " {:>8.2}", row.ns / ours)?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}
