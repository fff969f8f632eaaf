//! What the crate needs to know of an operation, behind the scenes.

use super::{Ending, Sampling};
use crate::{
    codec::Codec,
    error::Error,
    estimate::Estimate,
    heap::{self, Heap},
    model_id::is_number,
    record::Recording,
    request::Conversation,
    response::{Head, Usage},
    stream::StreamTerms,
};
use aws_sdk_bedrockruntime::{
    Client, config, error::SdkError, operation::RequestId, types::CountTokensInput,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::future::Future;

/// What the crate asks of an operation behind the scenes. It seals `Operation`, as nobody outside can
/// name it.
pub trait Details: Sized {
    // `Operation` demands this trait, so this one cannot ask `Operation` for its types.
    /// The SDK output; the same type as `Operation::Output`.
    type Answer;
    /// The SDK's error of the operation; the same type as `Operation::Error`.
    type Failure;
    /// What a service answers with; the same type as `Operation::Response`.
    type Reply;

    /// Members of the body that Bedrock never reads to answer the request.
    const UNREAD_MEMBERS: &'static [&'static str] = &[];

    /// Whether the call draws on the model's tokens, as opposed to a quota of its own.
    const DRAWS_TOKENS: bool;

    /// Whether a cache may take part: an answer may go to all who ask the same at one time, at least.
    const CACHED: bool = true;

    /// Of which other operation this one streams the answer, if a recorded stream can stand for that
    /// one's answer.
    const STREAM_OF: Option<&'static str> = None;

    /// The answer that a recorded stream of [the same prompt](Self::STREAM_OF) comes to.
    fn of_stream(recording: &Recording) -> Option<Self::Answer> {
        let _ = recording;
        None
    }

    /// Whether the SDK adds something to an input that further attempts must have too.
    const COMPLETED_BY_SDK: bool = false;

    /// This input with what the SDK added to `sent`.
    fn completed(&self, sent: &Self) -> Option<Self> {
        let _ = sent;
        None
    }

    /// The input without what makes it large, for an SDK that is handed its bytes. The path of the
    /// call must be in it. Copied whole where it is never large.
    fn outline(&self) -> Self;

    /// Puts `model` in the place of the one that the input names. Asked of operations that name one.
    fn set_model(&mut self, model: &str) {
        let _ = model;
    }

    /// An input that names `model` and nothing else, whose path is that of such a call; `None` where the
    /// path names no model.
    fn of_model(model: &str) -> Option<Self> {
        let _ = model;
        None
    }

    /// Has `client` send `input`, with `config` over its own.
    fn send(
        client: &Client,
        input: Self,
        config: config::Builder,
    ) -> impl Future<Output = Result<Self::Answer, SdkError<Self::Failure, HttpResponse>>> + Send;

    /// What a service answers with, of the output and the answer's head; a stream on these terms.
    fn reply(
        output: Self::Answer,
        head: Head,
        terms: StreamTerms,
    ) -> impl Future<Output = Result<Self::Reply, Error>> + Send;

    /// The SDK's own serializer and deserializer of the operation.
    fn codec() -> &'static Codec<Self, Self::Answer, Self::Failure>;

    /// Whether the estimate is another one for another model.
    const ESTIMATED_BY_MODEL: bool = false;

    /// What the request is likely to cost of `model`. Asked of operations that draw tokens.
    fn estimate(&self, model: &str) -> Estimate {
        let _ = model;
        Estimate::default()
    }

    /// How the answer is to be drawn, for whoever watches calls.
    fn sampling(&self) -> Sampling {
        Sampling::default()
    }

    /// The body of a request that has one of its model's own format.
    fn body(&self) -> Option<&[u8]> {
        None
    }

    /// The conversation that the prompt is of, as far as its beginning tells.
    fn conversation(&self) -> Option<Conversation> {
        None
    }

    /// Whether the prompt asks to be kept in Bedrock's cache for an hour.
    fn is_kept_for_an_hour(&self) -> bool {
        false
    }

    /// The same as CountTokens takes it, copied; `None` where there is nothing to count.
    fn to_count(&self) -> Option<CountTokensInput> {
        None
    }

    /// Whether the model draws its answer by chance: unless the input asks for a temperature
    /// of 0.
    fn is_sampled(&self) -> bool;

    /// Whether the input names a draft of a guardrail, which can change under the same name.
    fn is_under_draft(&self) -> bool {
        false
    }

    /// How the answer ended.
    fn ending(reply: &Self::Reply) -> Ending;

    /// How many bytes the output takes in memory, where it is shared.
    fn weight(reply: &Self::Reply) -> u64;
}

/// What it asks of those that are answered as a whole.
pub trait UnaryDetails: Details {
    /// Whether the answer is one. The SDK makes an output of any JSON, and of nothing at all, with
    /// whatever is missing made up.
    fn is_answer(answer: &Self::Answer) -> bool {
        let _ = answer;
        true
    }

    /// What the answer says it used.
    fn usage(answer: &Self::Answer, head: &Head) -> Option<Usage>;
}

/// Whether a guardrail is asked for whose version is no number.
pub(super) fn is_draft_guardrail(identifier: Option<&str>, version: Option<&str>) -> bool {
    (identifier.is_some() || version.is_some()) && !version.is_some_and(is_number)
}

/// How many bytes an output takes in memory that is shared.
pub(super) fn bytes_of<O: Heap + RequestId>(output: &O) -> u64 {
    // The SDK's outputs have the id of their request, too.
    let id = output.request_id().map_or(0, str::len);
    (heap::shared(output) + id) as u64
}

/// What the SDK puts in the place of a required name that an answer lacks.
pub(super) const NOT_SET: &str = "no value was set";

/// The parts that differ between operations by a name only. A macro, for the SDK gives each operation
/// types and methods of its own and no trait over them.
///
/// The SDK's builders take an input member by member. A member that a later SDK adds and that is not
/// here fails every call whose input is looked at, and a test.
macro_rules! sending {
    ($send:ident, $output:ty, $failure:ty, { $($set:ident: $member:ident,)+ }) => {
        type Answer = $output;
        type Failure = $failure;

        async fn send(
            client: &aws_sdk_bedrockruntime::Client,
            input: Self,
            config: aws_sdk_bedrockruntime::config::Builder,
        ) -> Result<
            $output,
            aws_sdk_bedrockruntime::error::SdkError<
                $failure,
                aws_smithy_runtime_api::client::orchestrator::HttpResponse,
            >,
        > {
            let mut call = client.$send();
            // Each of them moves the whole builder, and an outline has next to none.
            $(if input.$member.is_some() {
                call = call.$set(input.$member);
            })+
            call.customize().config_override(config).send().await
        }
    };
}

/// And those that differ between unary operations.
macro_rules! plumbing {
    ($operation:ident, $send:ident, $input:ty, $output:ty, $failure:ty, $members:tt) => {
        crate::operation::details::sending!($send, $output, $failure, $members);

        type Reply = crate::response::Response<$output>;

        fn reply(
            output: $output,
            head: crate::response::Head,
            _: crate::stream::StreamTerms,
        ) -> impl Future<Output = Result<Self::Reply, crate::error::Error>> + Send {
            std::future::ready(crate::operation::answer::<Self>(output, head))
        }

        fn codec() -> &'static crate::codec::Codec<Self, $output, $failure> {
            static CODEC: std::sync::OnceLock<crate::codec::Codec<$input, $output, $failure>> =
                std::sync::OnceLock::new();
            CODEC.get_or_init(|| crate::codec::Codec::of(&$operation::new()))
        }
    };
}

/// Those of operations that name a model in their path.
macro_rules! of_a_model {
    () => {
        fn set_model(&mut self, model: &str) {
            self.model_id = Some(model.to_owned());
        }

        fn of_model(model: &str) -> Option<Self> {
            Self::builder().model_id(model).build().ok()
        }
    };
}
pub(super) use {of_a_model, plumbing, sending};

/// Why building an input cannot fail.
pub(super) const NOTHING_REQUIRED: &str = "the SDK's builders of inputs require no member";
