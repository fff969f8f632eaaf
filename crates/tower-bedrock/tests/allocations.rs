//! What of a call allocates memory, and how often its prompt is copied.

mod common;
#[path = "common/scripted.rs"]
mod scripted;

use aws_sdk_bedrockruntime::{
    Client,
    config::Builder,
    operation::converse::{ConverseInput, ConverseOutput},
};
use bedrock_sim::Simulator;
use common::prompt;
use scripted::{Wire, answer};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, CacheKey, CacheScope, Error, Request, Response, StackLayer, policy::TokenCost,
};
use tower_quota::{Ask, Cost};

fn ask(cost: &TokenCost, request: &Request<ConverseInput>) -> Ask<std::sync::Arc<str>> {
    Cost::<_, Response<ConverseOutput>, Error>::ask(cost, request).0
}

#[test]
fn an_estimate_allocates_nothing() {
    let cost = TokenCost::new("us-east-1");
    let request = Request::new(prompt(&"and so on ".repeat(100_000)));
    // The first call of a model makes its key.
    ask(&cost, &request);
    let counted = allocation_counter::measure(|| assert!(ask(&cost, &request).tokens > 250_000));
    assert_eq!(counted.count_total, 0);
}

/// The bytes that a call of `input` allocates, in all and at a time.
fn allocated(call: impl AsyncFnOnce(ConverseInput), input: ConverseInput) -> (u64, u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a timer needs no rights");
    let counted = allocation_counter::measure(|| runtime.block_on(call(input)));
    (counted.bytes_total, counted.bytes_max)
}

/// What the SDK's client alone allocates for a prompt that it is given away.
fn alone(text: &str) -> (u64, u64) {
    let client = Client::from_conf(wire().build());
    let call = async |input: ConverseInput| {
        let call = client
            .converse()
            .set_model_id(input.model_id)
            .set_messages(input.messages)
            .set_inference_config(input.inference_config);
        call.send().await.expect("the wire answers");
    };
    allocated(call, prompt(text))
}

fn wire() -> Builder {
    let wire = Wire::forgetting(|_, _| answer());
    Simulator::new().sdk_config().http_client(wire.client())
}

/// Of a prompt so long that everything else is small beside it, copies are counted by halves.
const LENGTH: usize = 4 << 20;

fn copies((bytes, at_once): (u64, u64)) -> (f64, f64) {
    let count = |bytes: u64| (bytes as f64 / LENGTH as f64 * 2.0).round() / 2.0;
    (count(bytes), count(at_once))
}

#[test]
fn a_call_copies_the_prompt_as_often_as_the_sdks_client_does() {
    let text = "and so on ".repeat(LENGTH / 10);
    let bedrock = Bedrock::new(wire());
    let call = async |input| drop(bedrock.oneshot(Request::new(input)).await.unwrap());
    assert_eq!(copies(allocated(call, prompt(&text))), copies(alone(&text)));
}

#[test]
fn a_call_through_the_stack_copies_the_prompt_once_more_while_it_is_serialized() {
    let text = "and so on ".repeat(LENGTH / 10);
    let stack = StackLayer::new("us-east-1").layer(Bedrock::new(wire()));
    let call = async |input| drop(stack.oneshot(Request::new(input)).await.unwrap());
    let (ours, sdk) = (copies(allocated(call, prompt(&text))), copies(alone(&text)));
    assert_eq!(ours, (sdk.0 + 1.0, sdk.1 + 1.0));
}

#[test]
fn a_request_is_serialized_once_for_all_its_clones() {
    let request = Request::new(prompt(&"and so on ".repeat(100_000)));
    let scope = CacheScope::new().region("us-east-1");
    let key = CacheKey::of(&request, &scope).unwrap();
    let again = request.clone();
    let counted =
        allocation_counter::measure(|| assert_eq!(CacheKey::of(&again, &scope).unwrap(), key));
    assert!(counted.bytes_total < 50_000, "{counted:?}");
}
