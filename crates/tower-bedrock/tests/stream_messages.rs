//! What the events of a stream come to: the message that Converse would have answered.

mod common;

use aws_sdk_bedrockruntime::{
    operation::converse::ConverseOutput,
    primitives::Blob,
    types::{
        CitationsDelta, ContentBlock, ContentBlockDelta, ContentBlockDeltaEvent, ContentBlockStart,
        ContentBlockStartEvent, ConverseStreamOutput as Event, ImageBlockDelta, ImageBlockStart,
        ImageFormat, ImageSource, MessageStopEvent, StopReason, ToolResultBlockDelta,
        ToolResultBlockStart, ToolUseBlockDelta, ToolUseBlockStart,
    },
};
use aws_smithy_types::Document;
use bedrock_sim::{ScriptedAnswer, ScriptedBlock};
use common::{bedrock, prompt, simulator, stream_prompt};
use serde_json::json;
use std::collections::HashMap;
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    CacheStatus, Error, ErrorKind, EventStream, Request, Response, StackLayer, policy::CachePolicy,
};

fn content(message: &ConverseOutput) -> &[ContentBlock] {
    let output = message.output.as_ref();
    let message = output.and_then(|output| output.as_message().ok());
    &message.expect("it is a message").content
}

/// Several blocks of every kind that a model writes.
fn blocks() -> Vec<ScriptedBlock> {
    vec![
        ScriptedBlock::signed_reasoning("six by nine", "sig/1=="),
        ScriptedBlock::redacted_reasoning("c2VjcmV0"),
        ScriptedBlock::text("I ask two clocks."),
        ScriptedBlock::tool_use(
            "get_time",
            json!({"zone": "UTC", "n": [1, -2, 2.5, null, true]}),
        ),
        ScriptedBlock::tool_use("get_time", json!({})),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_message_is_what_converse_answers_with_reasoning_and_several_tools() {
    let sim = simulator();
    sim.script([ScriptedAnswer::new().content(blocks()).times(2)]);
    let plain = bedrock(&sim).oneshot(Request::new(prompt("hello")));
    let plain = plain.await.unwrap();
    let stream = bedrock(&sim).oneshot(Request::new(stream_prompt("hello")));
    let message = stream.await.unwrap().message().await.unwrap();
    assert_eq!(content(&message).len(), 5);
    assert_eq!(message.output, plain.output);
    assert_eq!(message.stop_reason, plain.stop_reason);
    assert_eq!(message.usage, plain.usage);
}

#[tokio::test(start_paused = true)]
async fn a_recorded_stream_has_its_tools_and_its_reasoning() {
    let sim = simulator();
    sim.script([ScriptedAnswer::new().content(blocks())]);
    let policy = CachePolicy::new("us-east-1", std::time::Duration::MAX).tool_use(true);
    let stack = StackLayer::new("us-east-1").cache(policy.layer(1 << 24));
    let stack = stack.layer(bedrock(&sim));
    let mut answers = vec![];
    for status in [CacheStatus::Miss, CacheStatus::Hit] {
        let stream = stack.clone().oneshot(Request::new(stream_prompt("hello")));
        let stream = stream.await.unwrap();
        assert_eq!(stream.meta().cache(), Some(status));
        answers.push(stream.message().await.unwrap());
    }
    assert_eq!(*answers[0], *answers[1]);
    assert_eq!(content(&answers[0]).len(), 5);
}

async fn message(
    events: impl IntoIterator<Item = Event>,
) -> Result<Response<ConverseOutput>, Error> {
    EventStream::from_events(events).message().await
}

fn start(index: i32, start: ContentBlockStart) -> Event {
    let event = ContentBlockStartEvent::builder()
        .content_block_index(index)
        .start(start);
    Event::ContentBlockStart(event.build().expect("all is given"))
}

fn delta(index: i32, delta: ContentBlockDelta) -> Event {
    let event = ContentBlockDeltaEvent::builder()
        .content_block_index(index)
        .delta(delta);
    Event::ContentBlockDelta(event.build().expect("all is given"))
}

fn text(index: i32, text: &str) -> Event {
    delta(index, ContentBlockDelta::Text(text.to_owned()))
}

fn tool(index: i32) -> Event {
    let tool = ToolUseBlockStart::builder().tool_use_id("id").name("look");
    start(
        index,
        ContentBlockStart::ToolUse(tool.build().expect("all is given")),
    )
}

fn input(index: i32, json: &str) -> Event {
    let part = ToolUseBlockDelta::builder().input(json).build();
    delta(
        index,
        ContentBlockDelta::ToolUse(part.expect("it is given")),
    )
}

fn stop(reason: StopReason) -> Event {
    let stop = MessageStopEvent::builder().stop_reason(reason).build();
    Event::MessageStop(stop.expect("it is given"))
}

#[tokio::test]
async fn a_tools_input_is_joined_and_one_that_was_cut_off_is_left_out() {
    let events = |reason| {
        [
            text(0, "I look."),
            tool(1),
            input(1, r#"{"at": "#),
            input(1, r#""x"}"#),
            tool(2),
            input(2, r#"{"at": "y"#),
            tool(3),
            stop(reason),
        ]
    };
    let cut = message(events(StopReason::MaxTokens)).await.unwrap();
    assert_eq!(cut.stop_reason, StopReason::MaxTokens);
    let [ContentBlock::Text(_), ContentBlock::ToolUse(whole)] = content(&cut) else {
        panic!("{:?}", content(&cut));
    };
    let at_x = HashMap::from([("at".to_owned(), "x".into())]);
    assert_eq!(whole.input, Document::Object(at_x));

    // A model that asks for a tool in its own way is not to be corrected here.
    let odd = message(events(StopReason::ToolUse)).await.unwrap();
    let inputs = content(&odd)
        .iter()
        .filter_map(|block| block.as_tool_use().ok());
    let inputs: Vec<_> = inputs.map(|tool| &tool.input).collect();
    let raw = Document::String(r#"{"at": "y"#.to_owned());
    let nothing = Document::Object(HashMap::new());
    assert_eq!(inputs[1..], [&raw, &nothing]);
}

#[tokio::test]
async fn blocks_stand_in_their_order_however_their_events_mingle() {
    let message = message([
        text(1, "c"),
        text(0, "a"),
        text(1, "d"),
        text(0, "b"),
        stop(StopReason::EndTurn),
    ]);
    let message = message.await.unwrap();
    let texts: Vec<_> = content(&message)
        .iter()
        .map(|block| block.as_text().unwrap())
        .collect();
    assert_eq!(texts, ["ab", "cd"]);
}

#[tokio::test]
async fn citations_tool_results_and_images_are_kept() {
    let cited = CitationsDelta::builder().title("The book").build();
    let result = ToolResultBlockStart::builder().tool_use_id("id").build();
    let image = ImageBlockStart::builder().format(ImageFormat::Png).build();
    let piece = |bytes: &[u8]| {
        let source = ImageSource::Bytes(Blob::new(bytes));
        ContentBlockDelta::Image(ImageBlockDelta::builder().source(source).build())
    };
    let message = message([
        text(0, "So it is said."),
        delta(0, ContentBlockDelta::Citation(cited)),
        start(1, ContentBlockStart::ToolResult(result.unwrap())),
        delta(
            1,
            ContentBlockDelta::ToolResult(vec![ToolResultBlockDelta::Text("noon".to_owned())]),
        ),
        start(2, ContentBlockStart::Image(image.unwrap())),
        delta(2, piece(b"ab")),
        delta(2, piece(b"cd")),
        stop(StopReason::EndTurn),
    ]);
    let message = message.await.unwrap();
    let [
        ContentBlock::CitationsContent(cited),
        ContentBlock::ToolResult(result),
        ContentBlock::Image(image),
    ] = content(&message)
    else {
        panic!("{:?}", content(&message));
    };
    assert_eq!(cited.content()[0].as_text().unwrap(), "So it is said.");
    assert_eq!(cited.citations()[0].title(), Some("The book"));
    assert_eq!(result.content[0].as_text().unwrap(), "noon");
    assert_eq!(
        image.source.as_ref().unwrap().as_bytes().unwrap().as_ref(),
        b"abcd"
    );
}

#[tokio::test]
async fn a_stream_that_broke_off_makes_no_message() {
    let error = message([text(0, "half")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(
        (error.events_delivered(), error.text_delivered()),
        (Some(1), Some(4))
    );

    let throttled = Error::new(ErrorKind::Throttled, "slow down");
    let stream = EventStream::from_results([Ok(text(0, "half")), Err(throttled)]);
    let error = stream.message().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(error.events_delivered(), Some(1));
}
