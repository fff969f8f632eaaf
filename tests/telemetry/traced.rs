//! The spans of a test, as OpenTelemetry exports them.

use opentelemetry::{Key, SpanId, Value, trace::TracerProvider as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt;

/// Of one test at a time. Which spans somebody wants is kept for the whole process, and found out anew with
/// each subscriber that comes and goes: a test beside it may miss one.
static ONE: Mutex<()> = Mutex::new(());

pub(crate) struct Traced {
    exporter: InMemorySpanExporter,
    // The last to go: it ends what is exported.
    _provider: SdkTracerProvider,
    _guard: DefaultGuard,
    _alone: MutexGuard<'static, ()>,
}

impl Traced {
    /// Of this thread, until it is dropped.
    pub(crate) fn new() -> Self {
        let alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let subscriber = tracing_subscriber::registry().with(layer);
        Self {
            exporter,
            _provider: provider,
            _guard: tracing::subscriber::set_default(subscriber),
            _alone: alone,
        }
    }

    /// The spans that ended so far, of this crate's, in the order of their begin.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let spans = self.exporter.get_finished_spans();
        let mut spans: Vec<_> = spans
            .expect("nobody panics with it")
            .into_iter()
            .map(Span)
            .filter(|span| span.get("gen_ai.provider.name").is_some())
            .collect();
        spans.sort_by_key(|span| span.0.start_time);
        spans
    }

    /// The one call that ended, and its attempts.
    pub(crate) fn call(&self) -> (Span, Vec<Span>) {
        let (mut calls, attempts) = self.split();
        assert_eq!(calls.len(), 1, "{calls:?}");
        let call = calls.remove(0);
        for attempt in &attempts {
            assert_eq!(attempt.0.parent_span_id, call.id(), "{attempt:?}");
        }
        (call, attempts)
    }

    pub(crate) fn split(&self) -> (Vec<Span>, Vec<Span>) {
        self.spans().into_iter().partition(Span::is_call)
    }
}

#[derive(Debug)]
pub(crate) struct Span(pub(crate) SpanData);

impl Span {
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn id(&self) -> SpanId {
        self.0.span_context.span_id()
    }

    fn is_call(&self) -> bool {
        self.0.span_kind == opentelemetry::trace::SpanKind::Client
    }

    /// An attribute as text.
    pub(crate) fn get(&self, name: &'static str) -> Option<String> {
        let name = Key::from_static_str(name);
        let attribute = self.0.attributes.iter().find(|pair| pair.key == name)?;
        Some(match &attribute.value {
            Value::String(text) => text.to_string(),
            other => other.to_string(),
        })
    }

    /// Several attributes; "-" for one that is not there.
    pub(crate) fn all<const N: usize>(&self, names: [&'static str; N]) -> [String; N] {
        names.map(|name| self.get(name).unwrap_or_else(|| "-".to_owned()))
    }

    /// What was told while it was the current one.
    pub(crate) fn events(&self) -> Vec<&str> {
        self.0.events.iter().map(|event| &*event.name).collect()
    }
}
