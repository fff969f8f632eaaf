use super::Ending;
use crate::{
    estimate::Estimate,
    response::{Head, Usage},
    wire::Codec,
};
use aws_sdk_bedrockruntime::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::CountTokensInput,
};
use aws_smithy_runtime_api::client::{interceptors::Intercept, orchestrator::HttpResponse};
use std::{error::Error as StdError, fmt, future::Future};

/// An SDK input that [`Bedrock`](crate::Bedrock) serves.
///
/// Implemented for `ConverseInput`, `InvokeModelInput`, `CountTokensInput` and
/// `ApplyGuardrailInput`. Sealed: use it as a bound, for a layer or a policy over all of them.
pub trait Operation:
    sealed::Exchange<Answer = <Self as Operation>::Output, Failure = <Self as Operation>::Error>
    + fmt::Debug
    + Clone
    + Send
    + Sync
    + 'static
{
    /// The SDK output of the operation.
    type Output: fmt::Debug + Clone + Send + Sync + 'static;

    /// The SDK's error of the operation, such as `ConverseError`.
    type Error: ProvideErrorMetadata + StdError + Send + Sync + 'static;

    /// The operation's name in the service model, such as `"Converse"`.
    const NAME: &'static str;

    /// The model, inference profile or ARN that the input names, in full.
    fn model_id(&self) -> Option<&str>;
}

pub(crate) mod sealed {
    use super::*;

    /// What the crate asks of an operation behind the scenes.
    pub trait Exchange: Sized {
        /// The SDK output; the same type as `Operation::Output`.
        type Answer;
        /// The SDK's error of the operation; the same type as `Operation::Error`.
        type Failure;

        /// Members of the body that Bedrock never reads to answer the request.
        const UNREAD_MEMBERS: &'static [&'static str] = &[];

        /// Whether the call draws on the model's tokens, as opposed to a quota of its own.
        const DRAWS_TOKENS: bool;

        /// Sends an empty input of this operation; `exchange` puts the real one in its place.
        fn send(
            client: &Client,
            exchange: impl Intercept + 'static,
        ) -> impl Future<Output = Result<Self::Answer, SdkError<Self::Failure, HttpResponse>>> + Send;

        /// The SDK's own serializer and deserializer of the operation.
        fn codec() -> &'static Codec;

        /// The operation's error for an answer that the SDK cannot read.
        fn unreadable(why: &'static str) -> Self::Failure;

        /// What the request is likely to cost. Asked of operations that draw tokens.
        fn estimate(&self) -> Estimate {
            Estimate::default()
        }

        /// The body of a request that has one of its model's own format.
        fn body(&self) -> Option<&[u8]> {
            None
        }

        /// The same as CountTokens takes it, copied; `None` where there is nothing to count.
        fn to_count(&self) -> Option<CountTokensInput> {
            None
        }

        /// What the answer says it used.
        fn usage(answer: &Self::Answer, head: &Head) -> Option<Usage>;

        /// Whether the model draws its answer by chance: unless the input asks for a temperature
        /// of 0.
        fn is_sampled(&self) -> bool;

        /// How the answer ended.
        fn ending(answer: &Self::Answer) -> Ending;

        /// About how many bytes the answer takes in memory.
        fn weight(answer: &Self::Answer) -> u64;
    }
}

/// The parts that differ between operations by a name only.
macro_rules! plumbing {
    ($operation:ident, $send:ident, $output:ty, $failure:ty) => {
        type Answer = $output;
        type Failure = $failure;

        async fn send(
            client: &aws_sdk_bedrockruntime::Client,
            exchange: impl aws_smithy_runtime_api::client::interceptors::Intercept + 'static,
        ) -> Result<
            $output,
            aws_sdk_bedrockruntime::error::SdkError<
                $failure,
                aws_smithy_runtime_api::client::orchestrator::HttpResponse,
            >,
        > {
            client
                .$send()
                .customize()
                .interceptor(exchange)
                .send()
                .await
        }

        fn codec() -> &'static crate::wire::Codec {
            static CODEC: std::sync::OnceLock<crate::wire::Codec> = std::sync::OnceLock::new();
            CODEC.get_or_init(|| crate::wire::Codec::of(&$operation::new()))
        }

        fn unreadable(why: &'static str) -> $failure {
            <$failure>::unhandled(why)
        }
    };
}
pub(super) use plumbing;
