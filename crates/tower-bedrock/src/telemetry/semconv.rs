//! The names of spans, attributes and metrics.
//!
//! Those that begin with `gen_ai`, `aws`, `cloud`, `error`, `server` and `otel` are of the OpenTelemetry
//! semantic conventions, for generative AI in version 0.1.0, whose status is Development. The others
//! are of this crate.

/// The span of a call.
pub const CALL: &str = "gen_ai.client.inference";
/// The span of an attempt.
pub const ATTEMPT: &str = "tower_bedrock.attempt";

/// What the model is asked for: `chat`, `text_completion`, `embeddings`, or the API's own name.
pub const OPERATION: &str = "gen_ai.operation.name";
/// Always [`AWS_BEDROCK`].
pub const PROVIDER: &str = "gen_ai.provider.name";
/// The value of [`PROVIDER`].
pub const AWS_BEDROCK: &str = "aws.bedrock";
/// The model: in spans as the request names it, in metrics its one name, or [`OTHER`].
pub const MODEL: &str = "gen_ai.request.model";
/// The label of a model beyond the number that has labels.
pub const OTHER: &str = "_OTHER";
/// Whether the answer is a stream.
pub const STREAM: &str = "gen_ai.request.stream";
/// The most output tokens that the request asks for.
pub const MAX_TOKENS: &str = "gen_ai.request.max_tokens";
/// The request's temperature.
pub const TEMPERATURE: &str = "gen_ai.request.temperature";
/// The request's nucleus.
pub const TOP_P: &str = "gen_ai.request.top_p";
/// The AWS Region.
pub const REGION: &str = "cloud.region";
/// The host that is called.
pub const SERVER: &str = "server.address";
/// Why it failed: in spans Bedrock's code if there is one, else the kind; in metrics the kind.
pub const ERROR: &str = "error.type";
/// The value of [`ERROR`] where the caller left before the end.
pub const CANCELLED: &str = "cancelled";
/// How the answer ended: `stop`, `length`, `tool_call`, `other`, or `error` where it did not come to its
/// end.
pub const FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
/// The answer's id: Bedrock's request id.
pub const RESPONSE_ID: &str = "gen_ai.response.id";
/// Bedrock's request id, of an error as well.
pub const REQUEST_ID: &str = "aws.request_id";
/// From the begin to the first event of a stream, in seconds.
pub const FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
/// Input tokens, those of the prompt cache included.
pub const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
/// Output tokens.
pub const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
/// Input tokens that came out of the prompt cache.
pub const CACHE_READ_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
/// Input tokens that were put into the prompt cache.
pub const CACHE_WRITE_TOKENS: &str = "gen_ai.usage.cache_write.input_tokens";
/// How many attempts a call came to.
pub const ATTEMPTS: &str = "tower_bedrock.attempts";
/// What a response cache did for a call.
pub const CACHE: &str = "tower_bedrock.cache";
/// The [kind](crate::ErrorKind) of an error.
pub const ERROR_KIND: &str = "tower_bedrock.error.kind";
/// Which attempt of its call it is, from 1.
pub const ATTEMPT_NUMBER: &str = "tower_bedrock.attempt.number";
/// What the attempt before failed with: Bedrock's code if there is one, else the kind.
pub const RETRY_CAUSE: &str = "tower_bedrock.retry.cause";

/// A histogram of calls, in seconds: from the call to its result, or to the end of its stream.
pub const DURATION: &str = "gen_ai.client.inference.duration";
/// The same of what asks no model for an answer, such as `CountTokens`; by the old names of all.
pub const OPERATION_DURATION: &str = "gen_ai.client.operation.duration";
/// A histogram of streams, in seconds: from the call to the first event.
pub const TIME_TO_FIRST_CHUNK: &str = "gen_ai.client.inference.time_to_first_chunk";
/// A histogram of streams, in seconds: from one event to the next, the average of each stream.
pub const TIME_PER_OUTPUT_CHUNK: &str = "gen_ai.client.inference.time_per_output_chunk";
/// A counter of attempts' [`INPUT_TOKENS`].
pub const USAGE_INPUT: &str = "gen_ai.client.inference.usage.input_tokens";
/// A counter of attempts' [`OUTPUT_TOKENS`].
pub const USAGE_OUTPUT: &str = "gen_ai.client.inference.usage.output_tokens";
/// A counter of attempts' [`CACHE_READ_TOKENS`].
pub const USAGE_CACHE_READ: &str = "gen_ai.client.inference.usage.cache_read.input_tokens";
/// A counter of attempts' [`CACHE_WRITE_TOKENS`].
pub const USAGE_CACHE_WRITE: &str = "gen_ai.client.inference.usage.cache_write.input_tokens";
/// A histogram of attempts' [`INPUT_TOKENS`].
pub const INPUT_PER_OPERATION: &str = "gen_ai.client.inference.operation.input_tokens";
/// A histogram of attempts' [`OUTPUT_TOKENS`].
pub const OUTPUT_PER_OPERATION: &str = "gen_ai.client.inference.operation.output_tokens";
/// A histogram of attempts' tokens, by the old names.
pub const TOKEN_USAGE: &str = "gen_ai.client.token.usage";
/// `input` or `output`, of [`TOKEN_USAGE`].
pub const TOKEN_TYPE: &str = "gen_ai.token.type";
/// What tokens are of: always `unknown`, for Bedrock does not say.
pub const TOKEN_MODALITY: &str = "gen_ai.token.modality";
/// A histogram of attempts, in seconds: from the attempt to its result, or to the end of its stream.
pub const ATTEMPT_DURATION: &str = "tower_bedrock_attempt_duration_seconds";
/// A counter of calls that went on to another of the [`Regions`](crate::Regions).
pub const MOVES: &str = "tower_bedrock_region_moves_total";
/// The Region that such a call was to go to before, by its listed name.
pub const MOVED_FROM: &str = "from";
/// The Region that it went to.
pub const MOVED_TO: &str = "to";
/// Why it went on: `quota`, `fault`, `circuit`, `not_served`, `waiting` or `other_model`.
pub const MOVE_REASON: &str = "reason";
/// A gauge of the models that have a label in metrics.
pub const MODELS: &str = "tower_bedrock_models";

/// The value of [`OPERATION`] for an operation of the service model.
#[cfg_attr(
    not(any(feature = "tracing", feature = "metrics")),
    allow(dead_code, reason = "nothing is told")
)]
pub(super) fn operation(name: &'static str, model: Option<&str>) -> &'static str {
    match name {
        "Converse" | "ConverseStream" => "chat",
        "InvokeModel" | "InvokeModelWithResponseStream" => {
            if model.is_some_and(|model| model.contains("embed")) {
                "embeddings"
            } else {
                "text_completion"
            }
        }
        "CountTokens" => "count_tokens",
        "ApplyGuardrail" => "apply_guardrail",
        "InvokeGuardrailChecks" => "invoke_guardrail_checks",
        "StartAsyncInvoke" => "start_async_invoke",
        "GetAsyncInvoke" => "get_async_invoke",
        "ListAsyncInvokes" => "list_async_invokes",
        other => other,
    }
}
