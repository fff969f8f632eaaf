//! The SDK's own builders, sent through a service.

mod common;
mod sdk_source;

use aws_sdk_bedrockruntime::{
    Client, operation::converse::ConverseInput, primitives::Blob,
    types::AsyncInvokeOutputDataConfig, types::AsyncInvokeS3OutputDataConfig,
};
use bedrock_sim::{Fault, Simulator};
use common::{MODEL, prompt, simulator, stream_prompt};
use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tower::{Layer, Service, service_fn};
use tower_bedrock::{
    Bedrock, Error, ErrorKind, Operation, Request, Response, SendThrough, Stack, StackLayer,
};

fn client(sim: &Simulator) -> Client {
    Client::from_conf(sim.sdk_config().build())
}

fn stack(client: &Client) -> Stack {
    StackLayer::new(client).layer(Bedrock::from(client.clone()))
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_differs_from_the_sdks_own_in_its_last_line_alone() {
    let sim = simulator();
    let client = client(&sim);
    let stack = stack(&client);
    let converse = || {
        let messages = prompt("hello").messages;
        client.converse().model_id(MODEL).set_messages(messages)
    };
    let theirs = converse().send().await.unwrap();
    let ours = converse().send_through(&stack).await.unwrap();
    assert_eq!(theirs.stop_reason(), ours.stop_reason());
    assert_eq!(ours.meta().attempts(), 1);

    // What the SDK would have given up is made again.
    sim.script([Fault::service_unavailable().times(4)]);
    let messages = prompt("another").messages;
    let call = client.converse().model_id(MODEL).set_messages(messages);
    let ours = call.send_through(&stack).await.unwrap();
    assert_eq!(ours.meta().attempts(), 5);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_stream_is_sent_the_same_way() {
    let sim = simulator();
    let client = client(&sim);
    let stream = client
        .converse_stream()
        .model_id(MODEL)
        .set_messages(stream_prompt("hello").messages)
        .send_through(&stack(&client))
        .await
        .unwrap();
    let message = stream.message().await.unwrap();
    assert!(message.output().is_some());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn options_of_the_call_come_before_it() {
    let sim = simulator();
    let client = client(&sim);
    sim.script([Fault::throttling().times(100)]);
    let call = client
        .converse()
        .model_id(MODEL)
        .set_messages(prompt("hello").messages);
    let request = call.into_request().unwrap();
    let request = request.timeout(Duration::from_secs(2)).tenant("a");
    assert_eq!(request.options().tenant(), Some("a"));
    let error = request.send_through(&stack(&client)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert!(error.attempts().unwrap() < 5);
}

#[tokio::test]
async fn a_mock_answers_and_an_input_is_sent_too() {
    let calls = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&calls);
    let mock = service_fn(move |request: Request<ConverseInput>| {
        seen.fetch_add(1, Ordering::Relaxed);
        let model = request.model_id().map(str::to_owned);
        async move { Err::<Response<_>, _>(Error::new(ErrorKind::Invalid, model.unwrap())) }
    });
    fn check<S>(_: &S)
    where
        S: Service<
                Request<ConverseInput>,
                Response = Response<<ConverseInput as Operation>::Output>,
                Error = Error,
            >,
    {
    }
    check(&mock);
    // Any client makes a builder: it sends nothing.
    let config = aws_sdk_bedrockruntime::Config::builder()
        .behavior_version(aws_sdk_bedrockruntime::config::BehaviorVersion::latest());
    let nowhere = Client::from_conf(config.build());
    let error = nowhere.converse().model_id("m").send_through(&mock).await;
    assert_eq!(error.unwrap_err().message(), Some("m"));
    prompt("hello").send_through(&mock).await.unwrap_err();
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_builder_that_lacks_something_fails_and_sends_nothing() {
    let sim = simulator();
    let client = client(&sim);
    // A list item without its required part.
    let call = client.start_async_invoke().output_data_config(
        AsyncInvokeOutputDataConfig::S3OutputDataConfig(
            AsyncInvokeS3OutputDataConfig::builder()
                .s3_uri("s3://b/")
                .build()
                .unwrap(),
        ),
    );
    let error = call.send_through(&stack(&client)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let body = client.invoke_model().body(Blob::new("{}"));
    let error = body.send_through(&stack(&client)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

/// The operation that each builder of the client makes.
fn sent<B: SendThrough>(_: impl Fn(&Client) -> B) -> &'static str {
    <B::Input as Operation>::NAME
}

#[test]
fn every_builder_of_the_client_has_it_but_that_of_two_streams() {
    let ours = BTreeSet::from([
        sent(Client::apply_guardrail),
        sent(Client::converse),
        sent(Client::converse_stream),
        sent(Client::count_tokens),
        sent(Client::get_async_invoke),
        sent(Client::invoke_guardrail_checks),
        sent(Client::invoke_model),
        sent(Client::invoke_model_with_response_stream),
        sent(Client::list_async_invokes),
        sent(Client::start_async_invoke),
    ]);
    let files = fs::read_dir(sdk_source::folder().join("client")).expect("the SDK has a folder");
    let mut theirs = BTreeSet::new();
    for file in files {
        let path = file.expect("it is listed").path();
        if path.is_dir() {
            continue;
        }
        let source = fs::read_to_string(path).expect("it is text");
        let Some((before, _)) = source.split_once("FluentBuilder {") else {
            continue;
        };
        let name = before.rsplit("::").next().expect("a name");
        theirs.insert(name.to_owned());
    }
    assert!(theirs.remove("InvokeModelWithBidirectionalStream"));
    for name in &theirs {
        assert!(ours.contains(&**name), "{name} has no `send_through`");
    }
    assert_eq!(theirs.len(), ours.len());
}
