//! What Bedrock's part costs, beside the SDK's own work for the same request.

use std::{future::ready, hint::black_box, time::Duration};

use aws_sdk_bedrockruntime::{
    operation::converse::{Converse, ConverseInput, ConverseOutput},
    types::{
        ContentBlock, ConversationRole, ConverseOutput as Output, InferenceConfiguration, Message,
        StopReason, TokenUsage,
    },
};
use aws_smithy_runtime_api::client::{
    interceptors::context::Input,
    runtime_plugin::RuntimePlugin,
    ser_de::{SerializeRequest, SharedRequestSerializer},
};
use aws_smithy_types::config_bag::ConfigBag;
use bedrock_sim::{Model, Simulator};
use tower::{Layer, Service, ServiceBuilder, service_fn};
use tower_bedrock::{CacheKey, CacheScope, Error, Request, Response, policy};

use crate::measure::{Candidate, Implementation};

pub(super) const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

pub(super) const REGION: &str = "us-east-1";

/// Serializing included, against the SDK's serializer alone.
pub(super) fn key_2kb() -> Vec<Candidate> {
    keys(2 << 10)
}

/// As [`key_2kb`], for a long document.
pub(super) fn key_1mb() -> Vec<Candidate> {
    let keys = keys(1 << 20).into_iter();
    keys.map(|candidate| candidate.share(0.001)).collect()
}

/// A whole hit through the cache layer, against the SDK's call to a server in process that
/// answers at once.
pub(super) fn hit_2kb() -> Vec<Candidate> {
    vec![
        Candidate::new(Implementation::Ours, hit(prompt(2 << 10))),
        Candidate::new(Implementation::Sdk, call(prompt(2 << 10))).share(0.02),
    ]
}

fn keys(length: usize) -> Vec<Candidate> {
    let input = prompt(length);
    let scope = CacheScope::new().region(REGION);
    let key = move |request: Request<ConverseInput>| {
        black_box(CacheKey::of(&request, &scope).expect("the input is whole"));
    };
    // A new one each time, for a request is serialized once.
    let request = {
        let input = input.clone();
        move || Request::new(input.clone())
    };
    let mut config = ConfigBag::base();
    config.push_shared_layer(Converse::new().config().expect("Converse has one"));
    let serializer = config.load::<SharedRequestSerializer>().cloned();
    let serializer = serializer.expect("every operation has one");
    let serialize = move |input| {
        let request = serializer.serialize_input(input, &mut config);
        black_box(request.expect("the input is whole"));
    };
    vec![
        Candidate::given(Implementation::Ours, request, key),
        Candidate::given(
            Implementation::Sdk,
            move || Input::erase(input.clone()),
            serialize,
        ),
    ]
}

fn hit(input: ConverseInput) -> impl Service<u64, Response = u64> + 'static {
    let answers = service_fn(|_: Request<ConverseInput>| ready(Ok::<_, Error>(answer())));
    let cache = policy::response_cache_layer(REGION, Duration::from_secs(3600), 64 << 20);
    ServiceBuilder::new()
        // A new one each time, as the SDK's is: a request is serialized once.
        .map_request(move |_: u64| Request::new(input.clone()))
        .map_response(|answer: Response<ConverseOutput>| black_box(answer).meta().attempts().into())
        .service(cache.layer(answers))
}

fn call(input: ConverseInput) -> impl Service<u64, Response = u64> + 'static {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a timer needs no rights");
    let client = Simulator::new().model(Model::new(MODEL)).sdk_client();
    service_fn(move |number: u64| {
        let call = client
            .converse()
            .set_model_id(input.model_id.clone())
            .set_messages(input.messages.clone())
            .set_inference_config(input.inference_config.clone());
        let answer = runtime.block_on(call.send());
        ready(answer.map(|answer| black_box(answer).usage.map_or(0, |_| number)))
    })
}

pub(super) fn prompt(length: usize) -> ConverseInput {
    // One long line: from the first line break on, the SDK's serializer takes twice as long.
    let text = "The quick brown fox, as ever, jumps over the lazy dog; nobody minds. ";
    let text: String = text.chars().cycle().take(length).collect();
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(text))
        .build()
        .expect("role and content are given");
    ConverseInput::builder()
        .model_id(MODEL)
        .messages(message)
        .inference_config(InferenceConfiguration::builder().max_tokens(200).build())
        .build()
        .expect("nothing is required")
}

pub(super) fn answer() -> Response<ConverseOutput> {
    let message = Message::builder()
        .role(ConversationRole::Assistant)
        .content(ContentBlock::Text("As ever.".to_owned()))
        .build()
        .expect("role and content are given");
    let usage = TokenUsage::builder()
        .input_tokens(500)
        .output_tokens(4)
        .total_tokens(504)
        .build()
        .expect("all counts are given");
    let output = ConverseOutput::builder()
        .output(Output::Message(message))
        .stop_reason(StopReason::EndTurn)
        .usage(usage)
        .build()
        .expect("the stop reason is given");
    Response::new(output)
}
