//! What the `tracing` feature logs: causes and the text of keys, never requests or answers.
#![cfg(feature = "tracing")]

mod support;

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

use support::{SECOND, soon};
use tokio_test::{assert_pending, task};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_quota::{Ask, Cost, Limit, QuotaLayer, Settle};
use tracing::{Event, Metadata, Subscriber, field, span};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl field::Visit for Line {
    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").expect("strings take all");
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("tower_quota")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().expect("not poisoned").push(line.0);
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// A key of which people are shown a part.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Key {
    secret: &'static str,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("model")
    }
}

#[derive(Clone)]
struct ByPrompt;

impl Cost<String, String, BoxError> for ByPrompt {
    type Key = Key;
    type Context = ();

    fn ask(&self, prompt: &String) -> (Ask<Key>, ()) {
        let key = Key { secret: "secret" };
        let tokens = prompt.len() as u64;
        (Ask::new(key).tokens(tokens).tenant("secret"), ())
    }

    fn settle(&self, (): &(), result: &mut Result<String, BoxError>) -> Settle {
        match result {
            Ok(_) => Settle::Reserved,
            Err(err) if err.to_string().contains("day") => Settle::exhausted(),
            Err(_) => Settle::throttled(),
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn throttles_and_rejections_are_events_without_content() {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    let limits = [
        Limit::calls_per_minute(60).burst(1),
        Limit::tokens_per_minute(6000).burst(6000),
    ];
    let layer = QuotaLayer::new(limits, ByPrompt)
        .name("tests")
        .max_wait(3 * SECOND)
        .max_queue(1);
    let service = layer.layer(service_fn(|prompt: String| async move {
        match prompt.strip_prefix("secret ") {
            Some("fine") => Ok("secret answer".to_owned()),
            _ => Err(BoxError::from(prompt)),
        }
    }));
    let call = |prompt: &str| service.clone().oneshot(format!("secret {prompt}"));
    soon(call("fine")).await.unwrap();
    let mut waiting = task::spawn(call("fine"));
    assert_pending!(waiting.poll());
    soon(call("fine")).await.unwrap_err();
    soon(call(&"long ".repeat(2000))).await.unwrap_err();
    soon(waiting).await.unwrap();
    soon(call("for now")).await.unwrap_err();
    soon(call("for the day")).await.unwrap_err();
    soon(call("for the day")).await.unwrap_err();
    assert_eq!(
        *lines.0.lock().unwrap(),
        [
            r#"DEBUG message=call rejected name="tests" key="model" cause="queue_full""#,
            r#"DEBUG message=call rejected name="tests" key="model" cause="too_large""#,
            r#"DEBUG message=call admitted name="tests" key="model" waited_ms=20"#,
            r#"WARN message=call throttled unexpectedly name="tests" key="model" kind="rate""#,
            r#"DEBUG message=call admitted name="tests" key="model" waited_ms=1501"#,
            r#"WARN message=call throttled unexpectedly name="tests" key="model" kind="exhausted""#,
            r#"DEBUG message=call rejected name="tests" key="model" cause="exhausted""#,
        ]
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn keys_without_room_are_an_event_once() {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    let layer = QuotaLayer::new(Limit::calls_per_minute(60), |key: &u32| Ask::new(*key));
    let layer = layer.name("tests").max_keys(1);
    let service = layer.layer(service_fn(|key: u32| async move { Ok::<_, BoxError>(key) }));
    for key in [1, 1, 2, 3, 2] {
        soon(service.clone().oneshot(key)).await.unwrap();
    }
    assert_eq!(
        lines.0.lock().unwrap()[1..],
        [
            r#"WARN message=new keys share an account name="tests" max_keys=1"#,
            r#"DEBUG message=call admitted name="tests" key="other keys" waited_ms=20"#,
        ]
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn debug_output_holds_no_content() {
    let layer = QuotaLayer::new(Limit::calls_per_minute(60), ByPrompt);
    let service = layer.layer(service_fn(|prompt: String| async {
        Ok::<_, BoxError>(prompt)
    }));
    let call = tower::Service::call(&mut service.clone(), "secret".to_owned());
    let mut shown = format!("{layer:?} {:?} {call:?}", layer.handle());
    let mut call = Box::pin(call);
    soon(&mut call).await.unwrap();
    write!(shown, " {call:?}").expect("strings take all");
    let usage = layer.handle().snapshot(&Key { secret: "secret" });
    write!(shown, " {usage:?}").expect("strings take all");
    assert!(!shown.contains("secret"), "{shown}");
}
