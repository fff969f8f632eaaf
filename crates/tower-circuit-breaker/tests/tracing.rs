//! What the `tracing` feature logs: changes of state, never requests or results.
#![cfg(feature = "tracing")]

mod support;

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

use support::{advance, answered, layer, rejected, service};
use tracing::{Event, Level, Metadata, Subscriber, field, span};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("not poisoned"))
    }
}

struct Line(String);

impl field::Visit for Line {
    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").expect("strings take all");
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("tower_circuit_breaker")
    }

    fn event(&self, event: &Event<'_>) {
        assert_eq!(*event.metadata().level(), Level::INFO);
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0
            .lock()
            .expect("not poisoned")
            .push(line.0.trim().to_owned());
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn every_change_of_state_is_an_event_and_nothing_else_is() {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    let layer = layer().consecutive_failures(2).name("tests");
    let (service, mut handle) = service(&layer);

    answered(&service, &mut handle, "fine").await.unwrap();
    answered(&service, &mut handle, "!secret")
        .await
        .unwrap_err();
    assert!(lines.take().is_empty());

    answered(&service, &mut handle, "!throttled 7")
        .await
        .unwrap_err();
    rejected(&service).await;
    advance(7).await;
    answered(&service, &mut handle, "fine").await.unwrap();
    layer.handle().force_open();
    layer.handle().force_open();
    assert_eq!(
        lines.take(),
        [
            r#"message=circuit changed name="tests" from="closed" to="open" opened_by=2 failures in a row retry_after=7s"#,
            r#"message=circuit changed name="tests" from="open" to="half_open""#,
            r#"message=circuit changed name="tests" from="half_open" to="closed""#,
            r#"message=circuit changed name="tests" from="closed" to="open" opened_by=forced open"#,
        ]
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_event_names_the_key_of_its_circuit() {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    let layer = layer().key_by(|request: &&'static str| *request);
    layer.circuits().handle(&"here").force_open();
    let _ = layer.circuits().handle(&"there");
    assert_eq!(
        lines.take(),
        [
            r#"message=circuit changed name="default" key="here" from="closed" to="open" opened_by=forced open"#
        ]
    );
}
