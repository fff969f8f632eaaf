//! What the `tracing` feature logs.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};
use tower_bedrock::{
    Usage,
    monitor::{Monitor, Record},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!(" {field}={value:?}");
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        assert_eq!(*event.metadata().level(), Level::WARN);
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        self.0.lock().expect("nobody panics with it").push(line.0);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[test]
fn the_first_advice_of_a_key_is_a_warning() {
    let lines = Lines::default();
    let monitor = Monitor::new().after(2);
    let mut record = Record::default();
    record.reserved_tokens = 8292;
    record.usage = Some(Usage::new(100, 300));
    tracing::subscriber::with_default(lines.clone(), || {
        for _ in 0..5 {
            monitor.record(&"us-east-1/m".into(), record);
        }
    });
    let expected = "tower_bedrock::telemetry message=us-east-1/m: 2 calls set no max_tokens, and \
                    the model's maximum counts against the quota until each ends; going by 2 \
                    answers, max_tokens 390 is enough key=\"us-east-1/m\" reason=\"unset\" \
                    suggested_max_tokens=390";
    assert_eq!(*lines.0.lock().unwrap(), [expected]);
}
