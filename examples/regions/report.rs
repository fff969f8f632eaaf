use serde::Serialize;
use std::io::{self, Write};

/// When an answer came.
#[derive(Clone, Copy)]
pub(crate) enum Phase {
    Before,
    /// While the first Region failed.
    Down,
    After,
}

/// What came of the batch.
#[derive(Serialize)]
pub(crate) struct Report {
    ok: usize,
    failed: usize,
    pub(crate) seconds: f64,
    regions: Vec<Region>,
    /// What the stack says of itself.
    #[serde(skip)]
    pub(crate) stack: String,
}

/// The answers that a Region gave.
#[derive(Default, Serialize)]
struct Region {
    name: String,
    before: usize,
    down: usize,
    after: usize,
}

impl Report {
    pub(crate) fn of(names: Vec<String>) -> Self {
        let region = |name| Region {
            name,
            ..Region::default()
        };
        Self {
            ok: 0,
            failed: 0,
            seconds: 0.0,
            regions: names.into_iter().map(region).collect(),
            stack: String::new(),
        }
    }

    pub(crate) fn answered(&mut self, phase: Phase, name: &str) {
        self.ok += 1;
        let mut regions = self.regions.iter_mut();
        if let Some(region) = regions.find(|region| region.name == name) {
            *match phase {
                Phase::Before => &mut region.before,
                Phase::Down => &mut region.down,
                Phase::After => &mut region.after,
            } += 1;
        }
    }

    pub(crate) fn lost(&mut self, error: &tower_bedrock::Error) {
        if self.failed == 0 {
            eprintln!("  first failure: {error}");
        }
        self.failed += 1;
    }

    pub(crate) fn answers(&self) -> usize {
        self.ok
    }

    pub(crate) fn failed(&self) -> usize {
        self.failed
    }

    pub(crate) fn print(&self, json: bool, out: &mut impl Write) -> io::Result<()> {
        if json {
            return writeln!(out, "{}", serde_json::to_string(self)?);
        }
        let Self {
            ok,
            failed,
            seconds,
            ..
        } = self;
        writeln!(
            out,
            "{ok} answers, {failed} calls lost, in {seconds:.1} s\n"
        )?;
        writeln!(
            out,
            "{:<16} {:>8} {:>8} {:>8}",
            "answers of", "before", "down", "after"
        )?;
        for Region {
            name,
            before,
            down,
            after,
        } in &self.regions
        {
            writeln!(out, "{name:<16} {before:>8} {down:>8} {after:>8}")?;
        }
        writeln!(out, "\n{}", self.stack)
    }
}
