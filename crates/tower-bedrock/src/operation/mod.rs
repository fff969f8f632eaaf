//! The operations that the leaf serves: what each adds to the general case.

mod apply_guardrail;
mod converse;
mod count_tokens;
mod invoke_model;

use crate::{exchange::Head, sketch::Sketch, usage::Usage};
use aws_sdk_bedrockruntime::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
};
use aws_smithy_runtime_api::client::{
    interceptors::Intercept, orchestrator::HttpResponse, runtime_plugin::RuntimePlugin,
    ser_de::SharedRequestSerializer,
};
use aws_smithy_types::config_bag::ConfigBag;
use std::{error::Error as StdError, fmt, future::Future};

/// An SDK input that [`Bedrock`](crate::Bedrock) serves.
///
/// Implemented for `ConverseInput`, `InvokeModelInput`, `CountTokensInput` and
/// `ApplyGuardrailInput`. Sealed: use it as a bound, for a layer or a policy over all of them.
pub trait Operation:
    sealed::Exchange<Answer = <Self as Operation>::Output> + fmt::Debug + Clone + Send + Sync + 'static
{
    /// The SDK output of the operation.
    type Output: Clone + Send + Sync + 'static;

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
        /// The SDK's error for this operation.
        type Failure: ProvideErrorMetadata + StdError + Send + Sync + 'static;

        /// Members of the body that Bedrock never reads to answer the request.
        const UNREAD_MEMBERS: &'static [&'static str] = &[];

        /// Whether the call draws on the model's tokens, as opposed to a quota of its own.
        const DRAWS_TOKENS: bool;

        /// Sends an empty input of this operation; `exchange` puts the real one in its place.
        fn send(
            client: &Client,
            exchange: impl Intercept + 'static,
        ) -> impl Future<Output = Result<Self::Answer, SdkError<Self::Failure, HttpResponse>>> + Send;

        /// The SDK's own serializer of the operation.
        fn serializer() -> &'static SharedRequestSerializer;

        /// What the request is likely to cost. Asked of operations that draw tokens.
        fn sketch(&self) -> Sketch {
            Sketch::default()
        }

        /// What the answer says it used.
        fn usage(answer: &Self::Answer, head: &Head) -> Option<Usage>;

        /// Whether the answer is whole, so that it may serve another caller.
        fn is_complete(answer: &Self::Answer) -> bool;

        /// About how many bytes the answer takes in memory.
        fn weight(answer: &Self::Answer) -> u64;
    }
}

/// The serializer that an operation's runtime plugin registers with the SDK's orchestrator.
fn serializer(operation: &dyn RuntimePlugin) -> SharedRequestSerializer {
    let mut config = ConfigBag::base();
    if let Some(layer) = operation.config() {
        config.push_shared_layer(layer);
    }
    config
        .load::<SharedRequestSerializer>()
        .cloned()
        .expect("every operation of the SDK registers its serializer")
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

        fn serializer() -> &'static aws_smithy_runtime_api::client::ser_de::SharedRequestSerializer
        {
            static SERIALIZER: std::sync::OnceLock<
                aws_smithy_runtime_api::client::ser_de::SharedRequestSerializer,
            > = std::sync::OnceLock::new();
            SERIALIZER.get_or_init(|| super::serializer(&$operation::new()))
        }
    };
}
use plumbing;
