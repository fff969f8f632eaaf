use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::{Event, Metadata, Subscriber, field, span};

/// What is logged, of any level, as a subscriber writes it that shows the causes of errors.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    /// Everything that this thread logs from now on.
    pub(super) fn of_this_thread(&self) {
        // Until the thread ends.
        std::mem::forget(tracing::subscriber::set_default(self.clone()));
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Whether the process goes by its part: the log is gone, and not back.
    pub(super) fn is_alone(&self) -> bool {
        let lines = self.0.lock().unwrap();
        let is = |line: &&String| line.contains("shared log is");
        let last = lines.iter().rev().find(is);
        last.is_some_and(|line| line.contains("shared log is gone"))
    }
}

struct Line(String);

impl field::Visit for Line {
    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }

    fn record_error(&mut self, field: &field::Field, value: &(dyn std::error::Error + 'static)) {
        write!(self.0, " {field}={value} ({value:?})").unwrap();
        let mut cause = value.source();
        while let Some(err) = cause {
            write!(self.0, ": {err}").unwrap();
            cause = err.source();
        }
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        let mut line = Line(span.metadata().name().to_owned());
        span.record(&mut line);
        self.0.lock().unwrap().push(line.0);
        span::Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}
