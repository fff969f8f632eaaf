use super::{
    semconv,
    settings::Settings,
    watch::{Outcome, Scope, Told},
};
use crate::{
    error::Error,
    operation::Operation,
    request::Request,
    response::{Ending, Reply, ResponseMetadata},
};
use std::cell::LazyCell;
use tracing::{Span, field::Empty, span::Entered};

/// The span of a call or an attempt; none where nobody listens.
#[derive(Debug)]
pub(super) struct CallSpan(Span);

impl CallSpan {
    pub(super) fn new<I: Operation>(
        settings: &Settings,
        scope: Scope,
        request: &Request<I>,
    ) -> Self {
        Self(match scope {
            Scope::Call => call(settings, request),
            Scope::Attempt => attempt(settings, request),
        })
    }

    pub(super) fn is_on(&self) -> bool {
        !self.0.is_disabled()
    }

    #[inline]
    pub(super) fn enter(&self) -> Entered<'_> {
        self.0.enter()
    }

    pub(super) fn note(&self, scope: Scope, meta: &ResponseMetadata) {
        if !self.is_on() {
            return;
        }
        if let Some(id) = meta.request_id() {
            self.0.record(semconv::RESPONSE_ID, id);
            self.0.record(semconv::REQUEST_ID, id);
        }
        if scope == Scope::Call {
            self.0.record(semconv::ATTEMPTS, meta.attempts());
            if let Some(cache) = meta.cache() {
                self.0.record(semconv::CACHE, cache.as_str());
            }
        }
    }

    pub(super) fn end(&self, told: &Told<'_>) {
        if !self.is_on() {
            return;
        }
        let span = &self.0;
        if let Some(usage) = told.usage {
            span.record(semconv::INPUT_TOKENS, usage.prompt_tokens());
            span.record(semconv::OUTPUT_TOKENS, usage.output_tokens);
            span.record(semconv::CACHE_READ_TOKENS, usage.cache_read_tokens);
            span.record(semconv::CACHE_WRITE_TOKENS, usage.cache_write_tokens);
        }
        if let Some(first) = told.first_chunk {
            span.record(semconv::FIRST_CHUNK, first.as_secs_f64());
        }
        let finish = match (&told.outcome, told.ending) {
            (Outcome::Answered, ending) => ending.map(reason),
            // As the conventions have it for a stream that does not come to its end.
            (_, Some(_)) => Some("error"),
            (_, None) => told.first_chunk.map(|_| "error"),
        };
        if let Some(finish) = finish {
            // The conventions have a list here; a field of a span is one value.
            span.record(semconv::FINISH_REASONS, finish);
        }
        match told.outcome {
            Outcome::Answered => {}
            Outcome::Cancelled => {
                span.record(semconv::ERROR, semconv::CANCELLED);
            }
            Outcome::Failed(error) => fail(span, error),
        }
    }
}

fn fail(span: &Span, error: &Error) {
    span.record(semconv::ERROR, type_of(error));
    span.record(semconv::ERROR_KIND, error.kind().as_str());
    span.record("otel.status_code", "ERROR");
    if let Some(id) = error.request_id() {
        span.record(semconv::REQUEST_ID, id);
    }
    if let Some(attempts) = error.attempts() {
        span.record(semconv::ATTEMPTS, attempts);
    }
}

fn type_of(error: &Error) -> &str {
    error.code().unwrap_or(error.kind().as_str())
}

const fn reason(ending: Ending) -> &'static str {
    match ending {
        Ending::Complete => "stop",
        Ending::Truncated => "length",
        Ending::ToolUse => "tool_call",
        Ending::Other => "other",
    }
}

fn call<I: Operation>(settings: &Settings, request: &Request<I>) -> Span {
    let model = request.model_id();
    let operation = semconv::operation(I::NAME, model);
    let name = || {
        let space = if model.is_some() { " " } else { "" };
        format!("{operation}{space}{}", model.unwrap_or_default())
    };
    // The macro asks for values only where somebody listens, and what this is takes a look at a body.
    let sampling = LazyCell::new(|| request.sampling());
    tracing::info_span!(
        target: "tower_bedrock::telemetry",
        "gen_ai.client.inference",
        otel.name = name(),
        otel.kind = "client",
        otel.status_code = Empty,
        { semconv::OPERATION } = operation,
        { semconv::PROVIDER } = semconv::AWS_BEDROCK,
        { semconv::MODEL } = model,
        { semconv::STREAM } = I::Response::STREAMS,
        { semconv::MAX_TOKENS } = sampling.max_tokens,
        { semconv::TEMPERATURE } = sampling.temperature,
        { semconv::TOP_P } = sampling.top_p,
        { semconv::REGION } = &*settings.region,
        { semconv::SERVER } = &*settings.server(&settings.region),
        { semconv::RESPONSE_ID } = Empty,
        { semconv::REQUEST_ID } = Empty,
        { semconv::FINISH_REASONS } = Empty,
        { semconv::FIRST_CHUNK } = Empty,
        { semconv::INPUT_TOKENS } = Empty,
        { semconv::OUTPUT_TOKENS } = Empty,
        { semconv::CACHE_READ_TOKENS } = Empty,
        { semconv::CACHE_WRITE_TOKENS } = Empty,
        { semconv::ATTEMPTS } = Empty,
        { semconv::CACHE } = Empty,
        { semconv::ERROR } = Empty,
        { semconv::ERROR_KIND } = Empty,
    )
}

fn attempt<I: Operation>(settings: &Settings, request: &Request<I>) -> Span {
    let model = request.model_id();
    let region = request.options().region_or(&settings.region);
    let attempts = request.options().attempts.as_ref();
    let next = LazyCell::new(|| attempts.map(|attempts| attempts.next()));
    tracing::info_span!(
        target: "tower_bedrock::telemetry",
        "tower_bedrock.attempt",
        otel.name = I::NAME,
        otel.kind = "internal",
        otel.status_code = Empty,
        { semconv::OPERATION } = semconv::operation(I::NAME, model),
        { semconv::PROVIDER } = semconv::AWS_BEDROCK,
        { semconv::MODEL } = model,
        { semconv::REGION } = &**region,
        { semconv::SERVER } = &*settings.server(region),
        { semconv::ATTEMPT_NUMBER } = next.as_ref().map(|(number, _)| *number),
        { semconv::RETRY_CAUSE } = next
            .as_ref()
            .and_then(|(_, error)| error.as_ref())
            .map(type_of),
        { semconv::RESPONSE_ID } = Empty,
        { semconv::REQUEST_ID } = Empty,
        { semconv::FINISH_REASONS } = Empty,
        { semconv::FIRST_CHUNK } = Empty,
        { semconv::INPUT_TOKENS } = Empty,
        { semconv::OUTPUT_TOKENS } = Empty,
        { semconv::CACHE_READ_TOKENS } = Empty,
        { semconv::CACHE_WRITE_TOKENS } = Empty,
        { semconv::ERROR } = Empty,
        { semconv::ERROR_KIND } = Empty,
    )
}
