//! What the `tracing` feature logs.

mod common;

use bedrock_sim::Fault;
use common::{bedrock, simulator, stream_prompt};
use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
    time::Duration,
};
use tower::ServiceExt;
use tower_bedrock::{
    Request, Usage,
    monitor::{Monitor, Record},
};
use tracing::{
    Event, Metadata, Subscriber,
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
        let metadata = event.metadata();
        if !metadata.target().starts_with("tower_bedrock") {
            return;
        }
        let mut line = Line(format!("{} {}", metadata.level(), metadata.target()));
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
    let expected = "WARN tower_bedrock::telemetry message=us-east-1/m: 2 calls set no max_tokens, and \
                    the model's maximum counts against the quota until each ends; going by 2 \
                    answers, max_tokens 390 is enough key=\"us-east-1/m\" reason=\"unset\" \
                    suggested_max_tokens=390";
    assert_eq!(*lines.0.lock().unwrap(), [expected]);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_stream_is_told_with_its_times_and_tokens_and_without_its_text() {
    let lines = Lines::default();
    let guard = tracing::subscriber::set_default(lines.clone());
    let sim = simulator();
    sim.script([
        Fault::slow_body(Duration::from_secs(2)),
        Fault::stream_cut().at(3),
    ]);
    let mut used = None;
    for _ in 0..2 {
        let call = bedrock(&sim).oneshot(Request::new(stream_prompt("secret")));
        let mut stream = call.await.unwrap();
        while stream.recv().await.is_ok_and(|event| event.is_some()) {}
        used = used.or(stream.meta().usage());
    }
    drop(guard);
    let lines = lines.0.lock().unwrap();
    let [whole, cut] = &lines[..] else {
        panic!("{lines:?}");
    };
    let used = used.unwrap();
    let tokens = format!(
        "first_event_ms=2000 between_events_ms=2000 input_tokens={} output_tokens={}",
        used.input_tokens, used.output_tokens
    );
    let head = "DEBUG tower_bedrock::telemetry message=a stream ended operation=\"ConverseStream\"";
    assert!(
        whole.starts_with(&format!("{head} outcome=\"whole\" events=")),
        "{whole}"
    );
    assert!(whole.ends_with(&tokens), "{whole}");
    let times = "first_event_ms=0 between_events_ms=0";
    assert_eq!(
        *cut,
        format!("{head} outcome=\"truncated\" events=3 {times}")
    );
}
