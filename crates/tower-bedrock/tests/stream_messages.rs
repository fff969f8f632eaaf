//! What the events of a stream come to: the message that Converse would have answered.

mod common;
#[path = "common/wire.rs"]
mod wire;

use aws_sdk_bedrockruntime::{
    operation::converse::ConverseOutput,
    primitives::Blob,
    types::{
        CitationsDelta, ContentBlock, ContentBlockDelta, ContentBlockDeltaEvent, ContentBlockStart,
        ContentBlockStartEvent, ContentBlockStopEvent, ConverseStreamOutput as Event,
        ImageBlockDelta, ImageBlockStart, ImageFormat, ImageSource, MessageStopEvent, StopReason,
        ToolResultBlockDelta, ToolResultBlockStart, ToolUseBlockDelta, ToolUseBlockStart,
    },
};
use aws_smithy_types::Document;
use common::prompt;
use std::collections::HashMap;
use tower::ServiceExt;
use tower_bedrock::{Error, ErrorKind, EventStream, MessageBuilder, Request, Response};
use wire::answering;

fn content(message: &ConverseOutput) -> &[ContentBlock] {
    let output = message.output.as_ref();
    let message = output.and_then(|output| output.as_message().ok());
    &message.expect("it is a message").content
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

fn ends(index: i32) -> Event {
    let event = ContentBlockStopEvent::builder().content_block_index(index);
    Event::ContentBlockStop(event.build().expect("all is given"))
}

/// The inputs of the tools in a message that ran into its limit of tokens.
async fn cut_inputs(events: &[Event]) -> Vec<Document> {
    let events = events.iter().cloned();
    let message = message(events.chain([stop(StopReason::MaxTokens)])).await;
    let message = message.expect("it makes one");
    let tools = content(&message)
        .iter()
        .filter_map(|block| block.as_tool_use().ok());
    tools.map(|tool| tool.input.clone()).collect()
}

#[tokio::test]
async fn where_a_limit_cut_the_answer_off_only_an_object_is_a_whole_input() {
    let object = || Document::Object(HashMap::from([("n".to_owned(), Document::from(1_u64))]));
    let nothing = || Document::Object(HashMap::new());
    for (last, whole) in [
        (r#"{"n":1}"#, Some(object())),
        ("{}", Some(nothing())),
        ("12", None),
        ("tru", None),
        ("true", None),
        (r#""so""#, None),
        ("[1]", None),
        (r#"{"n":1"#, None),
        ("", None),
    ] {
        // Bedrock ends the block that it cut off like any other.
        let events = [tool(0), input(0, last), ends(0)];
        let whole = Vec::from_iter(whole);
        assert_eq!(cut_inputs(&events).await, whole, "{last}");
        assert_eq!(cut_inputs(&events[..2]).await, whole, "{last}, no end");
    }
    // One before the last, with its end, was not cut off, and may be a tool without parameters.
    let later = [tool(1), input(1, r#"{"n""#), ends(1)];
    let first = |rest: &[Event]| [&[tool(0)], rest, &later].concat();
    assert_eq!(cut_inputs(&first(&[ends(0)])).await, [nothing()]);
    assert_eq!(cut_inputs(&first(&[])).await, []);
    assert_eq!(cut_inputs(&first(&[input(0, "12"), ends(0)])).await, []);
}

#[tokio::test]
async fn numbers_of_a_tools_input_are_what_converse_has_them_as() {
    let json = r#"{"big":123456789012345678901234567890,"out":1e400,"low":-1e400,"one":1.0,"none":-0,"min":-9223372036854775809}"#;
    let streamed = message([tool(0), input(0, json), stop(StopReason::ToolUse)]);
    let streamed = streamed.await.unwrap();
    let answer = format!(
        r#"{{"output":{{"message":{{"role":"assistant","content":[{{"toolUse":{{"toolUseId":"id","name":"look","input":{json}}}}}]}}}},"stopReason":"tool_use"}}"#
    );
    let plain = answering(200, &[], answer.leak()).oneshot(Request::new(prompt("hello")));
    let plain = plain.await.unwrap();
    assert_eq!(streamed.output, plain.output);
    let tool = content(&streamed)[0].as_tool_use().unwrap();
    let numbers = tool.input.as_object().unwrap();
    let out = Document::Number(aws_smithy_types::Number::Float(f64::INFINITY));
    assert_eq!(numbers["out"], out);
}

#[tokio::test]
async fn an_input_that_is_no_json_stands_as_a_string() {
    for text in [
        "}",
        "]",
        "[1,]",
        r#"{"a":1,}"#,
        "1 2",
        "[1",
        "{} x",
        "01",
        "\"\n\"",
    ] {
        let message = message([tool(0), input(0, text), stop(StopReason::ToolUse)]);
        let message = message.await.unwrap();
        let tool = content(&message)[0].as_tool_use().unwrap();
        assert_eq!(tool.input, Document::String(text.to_owned()));
    }
}

#[tokio::test]
async fn a_tool_without_its_start_makes_no_message_and_an_unknown_block_no_text() {
    let result = || ContentBlockDelta::ToolResult(vec![ToolResultBlockDelta::Text("a".to_owned())]);
    let image = || ContentBlockDelta::Image(ImageBlockDelta::builder().build());
    for orphan in [input(1, "{}"), delta(1, result()), delta(1, image())] {
        let events = [
            text(0, "I look."),
            orphan,
            ends(1),
            stop(StopReason::ToolUse),
        ];
        let error = message(events).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other, "{error}");
    }

    let newer = ContentBlockDeltaEvent::builder().content_block_index(0);
    let newer = Event::ContentBlockDelta(newer.build().expect("all is given"));
    let events = [newer, ends(0), text(1, ""), stop(StopReason::EndTurn)];
    let message = message(events).await.unwrap();
    assert_eq!(content(&message), [ContentBlock::Text(String::new())]);
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

#[tokio::test]
async fn a_message_can_be_built_while_its_events_are_shown() {
    let events = || [text(0, "so "), text(0, "be it"), stop(StopReason::EndTurn)];
    let mut stream = EventStream::from_events(events());
    let mut built = MessageBuilder::new();
    while let Some(event) = stream.recv().await.unwrap() {
        built.push(event);
    }
    assert!(!format!("{built:?}").contains("be it"));
    let whole = message(events()).await.unwrap();
    assert_eq!(built.finish().unwrap(), whole.into_output());

    let mut half = MessageBuilder::new();
    half.push(text(0, "so "));
    let error = half.finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
}

#[tokio::test]
async fn the_pieces_of_text_are_received_one_by_one_up_to_the_error() {
    let throttled = Error::new(ErrorKind::Throttled, "slow down");
    let events = [
        Ok(tool(1)),
        Ok(text(0, "so ")),
        Ok(text(0, "be")),
        Err(throttled),
    ];
    let mut pieces = EventStream::from_results(events).text();
    assert_eq!(pieces.recv().await.unwrap().as_deref(), Some("so "));
    assert_eq!(pieces.recv().await.unwrap().as_deref(), Some("be"));
    let error = pieces.recv().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(pieces.recv().await.unwrap(), None);
}
