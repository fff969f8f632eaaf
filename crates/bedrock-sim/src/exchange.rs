//! One call from request to reply, whichever front it came through.

use std::{collections::VecDeque, future::pending, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use crate::{
    Fault, FaultKind, Latency, Model, Operation, Simulator,
    answer::{self, Answer, Tokens},
    error::ServiceError,
    event_stream,
    fault::Stage,
    format::{self, Request, Timing},
    ledger::{Quota, Ticket},
    operation::{apply_guardrail, count_tokens},
    playback::{End, Frame, Playback},
    prompt::{chain, digest_text},
    simulator::{Shared, State},
};

/// The longest body of a request that Bedrock takes, in bytes.
pub(crate) const LONGEST_BODY: usize = 25_000_000;
/// How many pieces a plain body is cut into when it is slow.
const PIECES: usize = 10;

pub(crate) struct Incoming {
    pub(crate) method: Method,
    /// Percent-encoded, as it came.
    pub(crate) path: String,
    pub(crate) authorized: bool,
    pub(crate) body: Bytes,
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: ReplyBody,
}

pub(crate) enum ReplyBody {
    Full(Bytes),
    Playback(Playback),
}

/// The connection goes down without a reply.
#[derive(Debug)]
pub(crate) struct Reset;

/// Why a call gets no answer of a model.
enum Refusal {
    Error(ServiceError),
    Reset,
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        Self::Error(error)
    }
}

impl Reply {
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        let mut headers = HeaderMap::new();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        Self {
            status,
            headers,
            body: ReplyBody::Full(body.to_string().into()),
        }
    }

    fn set(&mut self, name: &'static str, value: impl Into<HeaderValue>) {
        self.headers
            .insert(HeaderName::from_static(name), value.into());
    }
}

impl Simulator {
    pub(crate) async fn exchange(&self, incoming: Incoming) -> Result<Reply, Reset> {
        let mut reply = match self.answer(incoming).await {
            Ok(reply) => reply,
            Err(Refusal::Error(error)) => error.into_reply(),
            Err(Refusal::Reset) => return Err(Reset),
        };
        let id = HeaderValue::from_str(&request_id()).expect("a request id is plain ASCII");
        reply.set("x-amzn-requestid", id);
        Ok(reply)
    }

    async fn answer(&self, incoming: Incoming) -> Result<Reply, Refusal> {
        let unknown =
            |status| ServiceError::new(status, "UnknownOperationException", "Unknown operation");
        let (operation, id) = Operation::route(&incoming.path).ok_or_else(|| unknown(404))?;
        if incoming.method != Method::POST {
            let mut reply = unknown(405).into_reply();
            reply
                .headers
                .insert(header::ALLOW, HeaderValue::from_static("POST"));
            return Ok(reply);
        }
        if !incoming.authorized {
            let code = "MissingAuthenticationTokenException";
            return Err(ServiceError::new(403, code, "Missing Authentication Token").into());
        }
        if incoming.body.len() > LONGEST_BODY {
            return Err(ServiceError::validation(format!(
                "1 validation error detected: Value at 'body' failed to satisfy constraint: \
                 Member must have length less than or equal to {LONGEST_BODY}"
            ))
            .into());
        }
        if operation == Operation::ApplyGuardrail {
            return Ok(self.apply_guardrail(&id, &incoming.body)?);
        }
        let model = self.shared.lock().find_model(&id);
        let model = model
            .ok_or_else(|| ServiceError::validation("The provided model identifier is invalid."))?;
        let request = match operation {
            Operation::CountTokens => return Ok(self.count_tokens(&id, &incoming.body)?),
            Operation::Converse | Operation::ConverseStream => {
                format::read_converse(&incoming.body)?
            }
            _ => format::read_invoke(&id, &incoming.body)?,
        };
        self.run(operation, model, request).await
    }

    fn count_tokens(&self, model: &str, body: &[u8]) -> Result<Reply, ServiceError> {
        let answer = count_tokens::answer(model, body)?;
        let mut state = self.shared.lock();
        state.account(model);
        state.stop_at_door(Operation::CountTokens, model)?;
        Ok(Reply::json(StatusCode::OK, &answer))
    }

    fn apply_guardrail(&self, guardrail: &str, body: &[u8]) -> Result<Reply, ServiceError> {
        let mut state = self.shared.lock();
        let answer = apply_guardrail::answer(body, &state.guardrail_words)?;
        state.stop_at_door(Operation::ApplyGuardrail, guardrail)?;
        Ok(Reply::json(StatusCode::OK, &answer))
    }

    async fn run(
        &self,
        operation: Operation,
        model: Model,
        request: Request,
    ) -> Result<Reply, Refusal> {
        let maximum = request.prompt.max_tokens.unwrap_or(model.max_tokens);
        if maximum > model.max_tokens {
            return Err(ServiceError::validation(format!(
                "The maximum tokens you requested exceeds the model limit of {limit}. Try again \
                 with a maximum tokens value that is lower than {limit}.",
                limit = model.max_tokens
            ))
            .into());
        }
        let now = Instant::now();
        let (mut admission, answer, fault) = {
            let mut state = self.shared.lock();
            let (ticket, fault) = state.admit(now, operation, &model, &request, maximum)?;
            let reaches_model = fault.as_ref().is_none_or(|fault| fault.error().is_none());
            let cache = if reaches_model {
                state.cache.pass(now, &model.id, &request.prompt)
            } else {
                crate::prompt_cache::CacheUse::default()
            };
            let blocked = if request.prompt.guarded {
                let text = [&*request.prompt.user_text, &*request.prompt.last_user_text].concat();
                apply_guardrail::blocked_words(&text, &state.guardrail_words)
                    .cloned()
                    .collect()
            } else {
                Vec::new()
            };
            let key = chain(chain(state.seed, digest_text(&model.id)), request.digest);
            let script = fault
                .as_ref()
                .filter(|fault| fault.kind == FaultKind::Answer);
            let answer = answer::draw(key, &request.prompt, maximum, cache, blocked, script);
            let admission = Admission {
                shared: Arc::clone(&self.shared),
                generation: state.generation,
                model: model.id,
                burndown: model.burndown,
                ticket,
                usage: answer.usage,
                output: Output::Clock(now, state.latency),
            };
            (admission, answer, fault)
        };
        let Output::Clock(_, latency) = admission.output else {
            unreachable!("an admission starts on the clock")
        };
        if let Some(fault) = fault.as_ref().filter(|fault| fault.stage() == Stage::Model) {
            strike(fault, &mut admission, now, latency).await?;
        }
        let timing = Timing {
            whole: millis(latency.until(answer.usage.output)),
            first: millis(latency.until(1)),
        };
        if operation.streams() {
            let frames = stream(&request, &answer, timing, latency);
            return Ok(stream_reply(
                operation,
                frames,
                fault.as_ref(),
                now,
                admission,
            ));
        }
        pause_until(now, latency.until(answer.usage.output)).await;
        admission.produced(answer.usage.output);
        let body = request.format.body(&answer, timing);
        let mut reply = Reply::json(StatusCode::OK, &body);
        if operation == Operation::InvokeModel {
            count_headers(&mut reply, &answer.usage, timing);
        }
        match fault
            .as_ref()
            .filter(|fault| fault.kind == FaultKind::SlowBody)
        {
            Some(fault) => slow_down(&mut reply, fault, now, admission),
            None => drop(admission),
        }
        Ok(reply)
    }
}

impl State {
    /// Plays a fault on an operation that has no quota.
    fn stop_at_door(&mut self, operation: Operation, id: &str) -> Result<(), ServiceError> {
        let Some(found) = self.pending.find(operation, id, &mut self.rng) else {
            return Ok(());
        };
        self.pending.take(&found);
        if operation != Operation::ApplyGuardrail {
            self.account(id).usage.faulted += 1;
        }
        found.fault.error().map_or(Ok(()), Err)
    }

    /// Lets a call in, with the fault that will befall it.
    fn admit(
        &mut self,
        now: Instant,
        operation: Operation,
        model: &Model,
        request: &Request,
        maximum: u64,
    ) -> Result<(Ticket, Option<Fault>), ServiceError> {
        let found = self.pending.find(operation, &model.id, &mut self.rng);
        if let Some(found) = &found
            && found.fault.stage() == Stage::Door
        {
            self.pending.take(found);
            self.account(&model.id).usage.faulted += 1;
            found.fault.error().map_or(Ok(()), Err)?;
        }
        let tokens = request.prompt.tokens().saturating_add(maximum);
        let account = self.account(&model.id);
        let ticket = match account.ledger.admit(now, tokens) {
            Ok(ticket) => ticket,
            Err(quota) => {
                let usage = &mut account.usage;
                usage.throttled += 1;
                let (count, what) = match quota {
                    Quota::TokensPerMinute => (&mut usage.throttled_by.tokens_per_minute, "tokens"),
                    Quota::RequestsPerMinute => {
                        (&mut usage.throttled_by.requests_per_minute, "requests")
                    }
                    Quota::TokensPerDay => {
                        (&mut usage.throttled_by.tokens_per_day, "tokens per day")
                    }
                };
                *count += 1;
                let message = format!("Too many {what}, please wait before trying again.");
                return Err(ServiceError::new(429, "ThrottlingException", message));
            }
        };
        account.usage.admitted += 1;
        account.usage.reserved += tokens;
        account.usage.in_flight += 1;
        account.usage.outstanding += tokens;
        if let Some(found) = &found {
            // Only a call that was let in uses up a fault behind the door.
            account.usage.faulted += 1;
            self.pending.take(found);
        }
        Ok((ticket, found.map(|found| found.fault)))
    }
}

/// Plays a fault that keeps the model's answer from the caller.
async fn strike(
    fault: &Fault,
    admission: &mut Admission,
    started: Instant,
    latency: Latency,
) -> Result<(), Refusal> {
    let whole = admission.usage.output;
    match fault.kind {
        FaultKind::ModelTimeout | FaultKind::ConnectionReset => {
            pause_until(started, latency.until(whole)).await;
            admission.produced(whole);
        }
        FaultKind::ModelError | FaultKind::ModelStreamError => {
            admission.produced(0);
            pause_until(started, latency.until(1)).await;
        }
        FaultKind::Hang => {
            admission.produced(0);
            pending::<()>().await;
        }
        _ => return Ok(()),
    }
    Err(fault.error().map_or(Refusal::Reset, Refusal::Error))
}

/// The answer's frames and when they are due.
fn stream(request: &Request, answer: &Answer, timing: Timing, latency: Latency) -> VecDeque<Frame> {
    let beats = answer.beats();
    let frame = |beat| {
        let bytes = request.format.frame(answer, beat, timing)?;
        Some(Frame {
            bytes,
            due: latency.until(beat.tokens),
            tokens: beat.tokens,
        })
    };
    beats.iter().filter_map(frame).collect()
}

fn stream_reply(
    operation: Operation,
    mut frames: VecDeque<Frame>,
    fault: Option<&Fault>,
    started: Instant,
    admission: Admission,
) -> Reply {
    let (mut end, mut pause) = (End::Clean, Duration::ZERO);
    if let Some(fault) = fault {
        if fault.stage() == Stage::Stream {
            end = break_stream(&mut frames, fault);
        } else if fault.kind == FaultKind::SlowBody {
            pause = fault.pause();
        }
    }
    let mut admission = admission;
    // From here on it is what was delivered that counts, not what the clock says.
    admission.produced(0);
    let playback = Playback::new(frames, end, started, pause, Some(admission));
    let mut reply = Reply {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: ReplyBody::Playback(playback),
    };
    let kind = HeaderValue::from_static(event_stream::CONTENT_TYPE);
    reply.headers.insert(header::CONTENT_TYPE, kind);
    if operation == Operation::InvokeModelWithResponseStream {
        reply.set(
            "x-amzn-bedrock-content-type",
            HeaderValue::from_static("application/json"),
        );
    }
    reply
}

/// Cuts the frames at the fault's event and puts there what the fault puts there.
fn break_stream(frames: &mut VecDeque<Frame>, fault: &Fault) -> End {
    let at = usize::try_from(fault.at.unwrap_or(1))
        .unwrap_or(usize::MAX)
        .min(frames.len());
    let mut rest = frames.split_off(at);
    let tokens = frames.back().map_or(0, |frame| frame.tokens);
    let struck = rest.pop_front();
    let due = struck
        .as_ref()
        .or(frames.back())
        .map_or(Duration::ZERO, |frame| frame.due);
    let bytes = match fault.kind {
        FaultKind::StreamException => {
            let exception = fault
                .exception
                .unwrap_or(crate::StreamException::Throttling);
            Some(event_stream::exception(exception, fault.message.as_deref()))
        }
        FaultKind::StreamCutInFrame => {
            struck.map(|frame| frame.bytes.slice(..frame.bytes.len() / 2))
        }
        FaultKind::StreamCorrupt => struck.map(|frame| event_stream::corrupt(&frame.bytes)),
        _ => None,
    };
    frames.extend(bytes.map(|bytes| Frame { bytes, due, tokens }));
    match fault.kind {
        FaultKind::ConnectionReset => End::Reset,
        FaultKind::Hang => End::Stall,
        _ => End::Clean,
    }
}

/// Turns a full body into a trickle.
fn slow_down(reply: &mut Reply, fault: &Fault, started: Instant, admission: Admission) {
    let tokens = admission.usage.output;
    if let ReplyBody::Full(body) = &reply.body {
        let size = body.len().div_ceil(PIECES).max(1);
        let frames = (0..body.len())
            .step_by(size)
            .map(|from| Frame {
                bytes: body.slice(from..(from + size).min(body.len())),
                due: Duration::ZERO,
                tokens,
            })
            .collect();
        reply
            .headers
            .insert(header::CONTENT_LENGTH, body.len().into());
        let playback = Playback::new(frames, End::Clean, started, fault.pause(), Some(admission));
        reply.body = ReplyBody::Playback(playback);
    }
}

/// The usage of an InvokeModel answer, which its body need not tell.
fn count_headers(reply: &mut Reply, usage: &Tokens, timing: Timing) {
    reply.set("x-amzn-bedrock-input-token-count", usage.input);
    reply.set("x-amzn-bedrock-output-token-count", usage.output);
    reply.set("x-amzn-bedrock-invocation-latency", timing.whole);
    if usage.cache.read > 0 {
        reply.set(
            "x-amzn-bedrock-cache-read-input-token-count",
            usage.cache.read,
        );
    }
    if usage.cache.write > 0 {
        reply.set(
            "x-amzn-bedrock-cache-write-input-token-count",
            usage.cache.write,
        );
    }
}

/// A call that the quota let in. Dropping it settles it.
pub(crate) struct Admission {
    shared: Arc<Shared>,
    generation: u64,
    model: String,
    burndown: u64,
    ticket: Ticket,
    usage: Tokens,
    output: Output,
}

/// How many output tokens there are by now.
enum Output {
    /// As many as the time since then allows: the caller waits for the whole answer.
    Clock(Instant, Latency),
    Counted(u64),
}

impl Admission {
    /// Says how many output tokens there are, from now on by count and not by the clock.
    pub(crate) fn produced(&mut self, tokens: u64) {
        self.output = Output::Counted(tokens);
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let now = Instant::now();
        let output = match self.output {
            Output::Clock(since, latency) => {
                latency.produced(now.saturating_duration_since(since), self.usage.output)
            }
            Output::Counted(tokens) => tokens,
        };
        let Tokens { input, cache, .. } = self.usage;
        let tokens = input
            .saturating_add(cache.write)
            .saturating_add(output.saturating_mul(self.burndown));
        let mut state = self.shared.lock();
        if state.generation != self.generation {
            return;
        }
        let account = state.account(&self.model);
        account.ledger.settle(now, &self.ticket, tokens);
        let usage = &mut account.usage;
        usage.settled = usage.settled.saturating_add(tokens);
        usage.in_flight -= 1;
        usage.outstanding -= self.ticket.reserved;
        usage.input_tokens += input;
        usage.output_tokens += output;
        usage.cache_read_tokens += cache.read;
        usage.cache_write_tokens += cache.write;
    }
}

async fn pause_until(started: Instant, after: Duration) {
    let due = started + after;
    if due > Instant::now() {
        sleep_until(due).await;
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn request_id() -> String {
    let random = fastrand::u128(..);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
        random >> 96,
        random >> 80 & 0xffff,
        random >> 64 & 0xfff,
        random >> 62 & 0x3 | 0x8,
        random >> 48 & 0xfff,
        random & 0xffff_ffff_ffff
    )
}
