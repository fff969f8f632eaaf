//! Streams of the leaf, through the real SDK client against the simulator.

mod common;

use aws_sdk_bedrockruntime::{
    operation::invoke_model_with_response_stream::InvokeModelWithResponseStreamInput,
    primitives::Blob,
    types::{ContentBlock, ConverseStreamOutput as Event, ResponseStream},
};
use bedrock_sim::Simulator;
use common::{MODEL, bedrock, prompt, simulator, stream_prompt};
use futures_util::{StreamExt, TryStreamExt, stream::FusedStream};
use tower::ServiceExt;
use tower_bedrock::{EventStream, Request, Usage};

async fn stream(sim: &Simulator) -> EventStream<Event> {
    let call = bedrock(sim).oneshot(Request::new(stream_prompt("hello")));
    call.await.expect("the simulator answers")
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_the_sdks_own_events_up_to_its_usage() {
    let sim = simulator();
    let mut stream = stream(&sim).await;
    assert_eq!(stream.meta().usage(), None);
    assert!(stream.meta().request_id().is_some());
    assert_eq!(stream.meta().model_id(), Some(MODEL));
    let mut events = vec![];
    while let Some(event) = stream.recv().await.unwrap() {
        events.push(event);
    }
    assert!(stream.is_terminated() && stream.is_complete());
    assert_eq!(stream.next().await.map(|next| next.is_ok()), None);
    assert!(matches!(events.first(), Some(Event::MessageStart(_))));
    let Some(Event::Metadata(last)) = events.last() else {
        panic!("{events:?}");
    };
    assert_eq!(stream.meta().usage(), last.usage.as_ref().map(Usage::from));

    let mut theirs = sim
        .sdk_client()
        .converse_stream()
        .set_model_id(stream_prompt("hello").model_id)
        .set_messages(stream_prompt("hello").messages)
        .set_inference_config(stream_prompt("hello").inference_config)
        .send()
        .await
        .unwrap();
    let mut same = vec![];
    while let Some(event) = theirs.stream.recv().await.unwrap() {
        same.push(event);
    }
    assert_eq!(events.len(), same.len());
}

#[tokio::test(start_paused = true)]
async fn text_and_message_say_what_converse_says() {
    let sim = simulator();
    let call = bedrock(&sim).oneshot(Request::new(prompt("hello")));
    let plain = call.await.unwrap();
    let whole = plain.output.as_ref().unwrap().as_message().unwrap();
    let [ContentBlock::Text(said)] = &whole.content[..] else {
        panic!("{whole:?}");
    };
    let text: Vec<String> = stream(&sim).await.text().try_collect().await.unwrap();
    assert!(text.len() > 1);
    assert_eq!(text.concat(), *said);
    let message = stream(&sim).await.message().await.unwrap();
    assert_eq!(message.output, plain.output);
    assert_eq!(message.stop_reason, plain.stop_reason);
    assert_eq!(message.usage, plain.usage);
    assert_eq!(message.meta().usage(), plain.meta().usage());
}

#[tokio::test(start_paused = true)]
async fn chunks_of_invoke_model_tell_their_usage() {
    let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":64,
        "messages":[{"role":"user","content":"hello"}]}"#;
    let input = InvokeModelWithResponseStreamInput::builder()
        .model_id(MODEL)
        .body(Blob::new(body))
        .build()
        .unwrap();
    let call = bedrock(&simulator()).oneshot(Request::new(input));
    let mut stream: EventStream<ResponseStream> = call.await.unwrap();
    while stream.recv().await.unwrap().is_some() {}
    assert!(stream.is_complete());
    let usage = stream.meta().usage().unwrap();
    assert!(usage.input_tokens > 0 && usage.output_tokens > 0);
}
