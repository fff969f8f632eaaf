//! The table of all cells, and what of the bounds holds in it.

use std::fmt::Write;

use crate::bounds::{Bounds, Broken, Kind, median, worst};
use crate::cell::{Cell, Score, Who};
use crate::metered::server::Meter;
use crate::metered::workload::{Told, known};

const METERS: [Meter; 5] = [
    Meter::Bucket(1.5),
    Meter::Bucket(10.0),
    Meter::Bucket(60.0),
    Meter::Fixed,
    Meter::Sliding,
];
/// No cell without neighbours, debts or wrong numbers takes longer with any seed.
const NEVER: f64 = 1.3;
/// So much longer than a peer may the layer take.
const BEHIND: f64 = 1.05;

pub(crate) fn cells() -> impl Iterator<Item = Cell> {
    known::all().into_iter().flat_map(|workload| {
        let limits = workload.limits;
        let unlimited = limits.calls.is_none() && limits.tokens.is_none();
        // Where nothing is metered one of them says it all.
        let meters = if unlimited { &METERS[..1] } else { &METERS };
        meters.iter().map(move |&meter| Cell {
            workload: workload.clone(),
            meter,
        })
    })
}

/// A cell with what all have done in it, by whom and by seed.
pub(crate) struct Row {
    cell: Cell,
    scores: Vec<(Who, Vec<Score>)>,
}

impl Row {
    pub(crate) fn measure(cell: Cell, who: &[Who], seeds: std::ops::Range<u64>) -> Self {
        let told = cell.workload.told != Told::Nothing;
        let who: Vec<Who> = who
            .iter()
            .copied()
            // Who is told nothing has no rate to keep to.
            .filter(|who| told || !matches!(who, Who::Untold | Who::Paced))
            .collect();
        let by_seed: Vec<_> = seeds.map(|seed| cell.scores(&who, seed)).collect();
        let of = |n: usize| by_seed.iter().map(|scores| scores[n]).collect();
        let scores = who.iter().enumerate().map(|(n, &who)| (who, of(n)));
        Self {
            scores: scores.collect(),
            cell,
        }
    }

    fn of(&self, who: Who) -> &[Score] {
        let found = self.scores.iter().find(|(one, _)| *one == who);
        found.map_or(&[], |(_, scores)| scores)
    }

    fn broken(&self) -> Vec<Broken> {
        Bounds::of(&self.cell).broken(self.of(Who::Layer))
    }

    /// Those that the layer is behind. Who is faster than the oracle let small calls overtake
    /// large ones, which the layer may not.
    fn ahead(&self) -> Vec<Who> {
        let time = |who| median(self.of(who), |score| score.time).max(1.0);
        let ours = time(Who::Layer);
        let peers = self.scores.iter().map(|(who, _)| *who);
        peers.filter(|&who| ours > BEHIND * time(who)).collect()
    }

    pub(crate) fn line(&self) -> String {
        let layer = self.of(Who::Layer);
        let oracle_wait = median(layer, |score| score.oracle_wait);
        let wait = median(layer, |score| score.wait);
        let back = match layer.iter().filter_map(|score| score.back).reduce(f64::max) {
            Some(back) if back.is_finite() => format!("{back:.0}"),
            Some(_) => "never".to_owned(),
            None => "-".to_owned(),
        };
        let ratio = if oracle_wait >= 1.0 {
            format!("{:.2}", wait / oracle_wait)
        } else {
            "-".to_owned()
        };
        let mut line = format!(
            "{:<52} {:>6.0} {oracle_wait:>6.1} | {:>5.2} {:>5.2} {wait:>7.1} {ratio:>5} {:.3} {:.3} {:>3.0} {back:>5} {:>2.0}",
            self.cell.to_string(),
            median(layer, |score| score.oracle_seconds),
            median(layer, |score| score.time),
            worst(layer, |score| score.time),
            median(layer, |score| score.throttles_per_ok),
            worst(layer, |score| score.throttles_per_ok),
            worst(layer, |score| score.in_ten_seconds as f64),
            worst(layer, |score| f64::from(score.attempts)),
        );
        for who in [Who::Untold, Who::Semaphore, Who::Paced] {
            let scores = self.of(who);
            let _ = if scores.is_empty() {
                write!(line, " | {:>11}", "-")
            } else {
                let time = median(scores, |score| score.time);
                let throttles = median(scores, |score| score.throttles_per_ok);
                write!(line, " | {time:>5.2} {throttles:.3}")
            };
        }
        for broken in self.broken() {
            let _ = write!(line, " !{broken}");
        }
        line
    }
}

/// What the columns of a line are.
pub(crate) fn head() -> String {
    format!(
        "{:<52} {:>13} | {:<53} | {:<11} | {:<11} | {:<11}\n{:<52} {:>6} {:>6} | {:>5} {:>5} {:>7} {:>5} {:>5} {:>5} {:>3} {:>5} {:>2} | {} | {} | {}",
        "",
        "oracle",
        "layer",
        "untold",
        "semaphore",
        "paced",
        "",
        "s",
        "wait s",
        "x",
        "worst",
        "wait s",
        "x",
        "/ok",
        "worst",
        "10s",
        "back",
        "at",
        "    x   /ok",
        "    x   /ok",
        "    x   /ok"
    )
}

/// Counts what holds, by kind, and names what does not.
pub(crate) fn verdict(rows: &[Row]) -> String {
    let mut text = String::new();
    for kind in Kind::ALL {
        let of_kind = || {
            rows.iter()
                .filter(|row| Kind::of(&row.cell.workload) == kind)
        };
        let cells = of_kind().count();
        if cells == 0 {
            continue;
        }
        let with = |broken| of_kind().filter(move |row| row.broken().contains(&broken));
        let near = of_kind().filter(|row| {
            let broken = row.broken();
            !broken.contains(&Broken::Time) && !broken.contains(&Broken::Wait)
        });
        let _ = writeln!(
            text,
            "{kind:?}: {cells} cells, {} within the bound of time and wait, {} of throttles, {} of the return",
            near.count(),
            cells - with(Broken::Throttles).count(),
            cells - with(Broken::Back).count(),
        );
        for row in of_kind() {
            let broken = row.broken();
            if !broken.is_empty() {
                let broken: Vec<_> = broken.iter().map(ToString::to_string).collect();
                let _ = writeln!(text, "    {}: {}", row.cell, broken.join(", "));
            }
        }
    }
    let far = rows.iter().filter(|row| {
        Kind::of(&row.cell.workload) == Kind::Plain
            && worst(row.of(Who::Layer), |score| score.time) > NEVER
    });
    let far: Vec<_> = far.map(|row| row.cell.to_string()).collect();
    let _ = writeln!(
        text,
        "Plain cells above {NEVER} with any seed: {}",
        far.len()
    );
    for cell in far {
        let _ = writeln!(text, "    {cell}");
    }
    let behind: Vec<_> = rows.iter().filter(|row| !row.ahead().is_empty()).collect();
    let _ = writeln!(text, "Cells more than 5 % behind a peer: {}", behind.len());
    for row in behind {
        let _ = writeln!(text, "    {}: {:?}", row.cell, row.ahead());
    }
    text
}
