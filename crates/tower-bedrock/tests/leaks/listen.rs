//! Hears everything that anyone logs, at every level.

use std::{
    collections::BTreeSet,
    fmt::{self, Write},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span,
};

/// The lines so far, each with its target first.
#[derive(Clone, Default)]
pub(crate) struct Heard {
    lines: Arc<Mutex<Vec<(String, String)>>>,
    spans: Arc<AtomicU64>,
}

impl Heard {
    /// The levels at which a text was said by others than our own crates.
    pub(crate) fn levels(&self, text: &str) -> BTreeSet<String> {
        let lines = self.lines.lock().expect("nobody panics with it");
        let said = lines.iter().filter(|(_, line)| line.contains(text));
        let levels = said.filter(|(target, _)| !is_ours(target));
        levels
            .map(|(_, line)| line.split(' ').next().unwrap_or_default().to_owned())
            .collect()
    }

    /// The targets that said a text, and of our own crates what they said.
    pub(crate) fn said(&self, text: &str) -> (BTreeSet<String>, Vec<String>) {
        let lines = self.lines.lock().expect("nobody panics with it");
        let said = lines.iter().filter(|(_, line)| line.contains(text));
        let (ours, others): (Vec<_>, Vec<_>) = said.partition(|(target, _)| is_ours(target));
        (
            others.iter().map(|(target, _)| target.clone()).collect(),
            ours.iter().map(|(_, line)| line.clone()).collect(),
        )
    }

    /// How many lines our own crates said.
    pub(crate) fn ours(&self) -> usize {
        let lines = self.lines.lock().expect("nobody panics with it");
        lines.iter().filter(|(target, _)| is_ours(target)).count()
    }

    fn note(&self, target: &str, level: &Level, record: impl FnOnce(&mut Line)) {
        let mut line = Line(format!("{level} "));
        record(&mut line);
        let mut lines = self.lines.lock().expect("nobody panics with it");
        lines.push((target.to_owned(), line.0));
    }
}

fn is_ours(target: &str) -> bool {
    target.starts_with("tower_")
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

impl Subscriber for Heard {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        self.note(
            event.metadata().target(),
            event.metadata().level(),
            |line| event.record(line),
        );
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        self.note(span.metadata().target(), span.metadata().level(), |line| {
            span.record(line);
        });
        span::Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        self.note("a span", &Level::ERROR, |line| values.record(line));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}
