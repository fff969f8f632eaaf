//! Every operation as the SDK sees it, over both fronts.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fronts;

use std::time::Duration;

use aws_sdk_bedrockruntime::{
    Client,
    error::ProvideErrorMetadata as _,
    operation::{RequestId as _, converse::ConverseOutput},
    primitives::Blob,
    types::{
        AnyToolChoice, CachePointBlock, CachePointType, ContentBlock, ConversationRole,
        ConverseStreamOutput, ConverseTokensRequest, CountTokensInput, GuardrailAction,
        GuardrailConfiguration, GuardrailContentBlock, GuardrailContentSource,
        GuardrailConverseContentBlock, GuardrailConverseTextBlock, GuardrailTextBlock,
        InferenceConfiguration, InvokeModelTokensRequest, Message, ResponseStream, StopReason,
        SystemContentBlock, Tool, ToolChoice, ToolConfiguration, ToolInputSchema,
        ToolSpecification,
    },
};
use aws_smithy_types::Document;
use bedrock_sim::{Latency, Model, ScriptedAnswer, Simulator};
use fronts::{CLAUDE, NOVA, both, max_tokens, user};
use serde_json::{Value, json};

const BASE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

fn text_of(output: &ConverseOutput) -> String {
    let content = output.output().unwrap().as_message().unwrap().content();
    content
        .iter()
        .filter_map(|block| block.as_text().ok().cloned())
        .collect()
}

fn weather_tool(choice: ToolChoice) -> ToolConfiguration {
    let schema = Document::Object(
        [
            ("type".to_owned(), Document::String("object".into())),
            (
                "properties".to_owned(),
                Document::Object(
                    [(
                        "city".to_owned(),
                        Document::Object(
                            [("type".to_owned(), Document::String("string".into()))].into(),
                        ),
                    )]
                    .into(),
                ),
            ),
        ]
        .into(),
    );
    let spec = ToolSpecification::builder()
        .name("get_weather")
        .input_schema(ToolInputSchema::Json(schema))
        .build()
        .unwrap();
    ToolConfiguration::builder()
        .tools(Tool::ToolSpec(spec))
        .tool_choice(choice)
        .build()
        .unwrap()
}

async fn stream(client: &Client, message: Message, tokens: i32) -> Vec<ConverseStreamOutput> {
    let output = client
        .converse_stream()
        .model_id(CLAUDE)
        .messages(message)
        .inference_config(max_tokens(tokens))
        .send()
        .await
        .unwrap();
    assert!(output.request_id().is_some());
    let mut stream = output.stream;
    let mut events = Vec::new();
    while let Some(event) = stream.recv().await.unwrap() {
        events.push(event);
    }
    events
}

async fn invoke(client: &Client, model: &str, body: &Value) -> Value {
    let output = client
        .invoke_model()
        .model_id(model)
        .body(Blob::new(body.to_string()))
        .send()
        .await
        .unwrap();
    assert_eq!(output.content_type(), "application/json");
    serde_json::from_slice(output.body().as_ref()).unwrap()
}

async fn invoke_stream(client: &Client, model: &str, body: &Value) -> Vec<Value> {
    let output = client
        .invoke_model_with_response_stream()
        .model_id(model)
        .body(Blob::new(body.to_string()))
        .send()
        .await
        .unwrap();
    let mut stream = output.body;
    let mut chunks = Vec::new();
    while let Some(event) = stream.recv().await.unwrap() {
        let ResponseStream::Chunk(part) = event else {
            panic!("an event that is no chunk")
        };
        chunks.push(serde_json::from_slice(part.bytes().unwrap().as_ref()).unwrap());
    }
    chunks
}

#[tokio::test]
async fn converse_answers_with_text_and_usage_that_adds_up() {
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        let output = client
            .converse()
            .model_id(CLAUDE)
            .messages(user("hello"))
            .send()
            .await
            .unwrap();
        assert_eq!(*output.stop_reason(), StopReason::EndTurn);
        assert!(output.request_id().is_some());
        let usage = output.usage().unwrap();
        // A message, and five characters.
        assert_eq!(usage.input_tokens(), 4 + 2);
        assert_eq!(
            usage.total_tokens(),
            usage.input_tokens() + usage.output_tokens()
        );
        let tokens = text_of(&output).chars().count().div_ceil(4);
        assert_eq!(usage.output_tokens(), i32::try_from(tokens).unwrap());
    }
}

#[tokio::test]
async fn a_stream_says_what_the_plain_answer_says_in_bedrocks_order() {
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        let plain = client
            .converse()
            .model_id(CLAUDE)
            .messages(user("hello"))
            .inference_config(max_tokens(9))
            .send()
            .await
            .unwrap();
        let events = stream(client, user("hello"), 9).await;
        let (mut order, mut text, mut usage) = (String::new(), String::new(), None);
        for event in &events {
            order.push(match event {
                ConverseStreamOutput::MessageStart(_) => 's',
                ConverseStreamOutput::ContentBlockDelta(event) => {
                    text.push_str(event.delta().unwrap().as_text().unwrap());
                    'd'
                }
                ConverseStreamOutput::ContentBlockStop(_) => 'b',
                ConverseStreamOutput::MessageStop(event) => {
                    assert_eq!(*event.stop_reason(), StopReason::MaxTokens);
                    'e'
                }
                ConverseStreamOutput::Metadata(event) => {
                    usage = event.usage().cloned();
                    'm'
                }
                _ => '?',
            });
        }
        assert_eq!(order, "sdddbem");
        assert_eq!(text, text_of(&plain));
        assert_eq!(usage.as_ref(), plain.usage());
    }
}

#[tokio::test]
async fn a_forced_tool_is_called_with_input_in_its_shape() {
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    let tools = weather_tool(ToolChoice::Any(AnyToolChoice::builder().build()));
    for client in &clients {
        let output = client
            .converse()
            .model_id(CLAUDE)
            .messages(user("hello"))
            .tool_config(tools.clone())
            .send()
            .await
            .unwrap();
        assert_eq!(*output.stop_reason(), StopReason::ToolUse);
        let message = output.output().unwrap().as_message().unwrap();
        let call = message.content()[0].as_tool_use().unwrap();
        assert_eq!(call.name(), "get_weather");
        assert!(call.input().as_object().unwrap()["city"].is_string());

        let mut events = client
            .converse_stream()
            .model_id(CLAUDE)
            .messages(user("hello"))
            .tool_config(tools.clone())
            .send()
            .await
            .unwrap()
            .stream;
        let (mut id, mut input) = (None, String::new());
        while let Some(event) = events.recv().await.unwrap() {
            match event {
                ConverseStreamOutput::ContentBlockStart(event) => {
                    let start = event.start().unwrap().as_tool_use().unwrap();
                    id = Some(start.tool_use_id().to_owned());
                }
                ConverseStreamOutput::ContentBlockDelta(event) => {
                    input.push_str(event.delta().unwrap().as_tool_use().unwrap().input());
                }
                _ => {}
            }
        }
        assert_eq!(id.as_deref(), Some(call.tool_use_id()));
        let input: Value = serde_json::from_str(&input).unwrap();
        assert_eq!(
            input["city"].as_str(),
            call.input().as_object().unwrap()["city"].as_string()
        );
    }
}

#[tokio::test]
async fn a_tool_of_choice_auto_is_called_when_the_user_names_it() {
    let client = Simulator::new().sdk_client();
    for (text, reason) in [
        ("please get_weather", StopReason::ToolUse),
        ("please sing", StopReason::EndTurn),
    ] {
        let choice = aws_sdk_bedrockruntime::types::AutoToolChoice::builder().build();
        let output = client
            .converse()
            .model_id(CLAUDE)
            .messages(user(text))
            .tool_config(weather_tool(ToolChoice::Auto(choice)))
            .send()
            .await
            .unwrap();
        assert_eq!(*output.stop_reason(), reason);
    }
}

#[tokio::test]
async fn a_stop_sequence_is_met_and_left_out() {
    let client = Simulator::new().sdk_client();
    for sequence in ["\n\nHuman:", " ", "e"] {
        let output = client
            .converse()
            .model_id(CLAUDE)
            .messages(user("hello"))
            .inference_config(
                InferenceConfiguration::builder()
                    .stop_sequences(sequence)
                    .build(),
            )
            .additional_model_response_field_paths("/stop_sequence")
            .send()
            .await
            .unwrap();
        assert_eq!(*output.stop_reason(), StopReason::StopSequence);
        assert!(!text_of(&output).contains(sequence));
        let fields = output.additional_model_response_fields().unwrap();
        assert_eq!(
            fields.as_object().unwrap()["stop_sequence"].as_string(),
            Some(sequence)
        );
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_cache_point_writes_then_reads_until_it_expires() {
    let simulator = Simulator::new();
    let client = simulator.sdk_client();
    let point = CachePointBlock::builder()
        .r#type(CachePointType::Default)
        .build()
        .unwrap();
    let call = || {
        client
            .converse()
            .model_id(CLAUDE)
            .system(SystemContentBlock::Text("x".repeat(400)))
            .system(SystemContentBlock::CachePoint(point.clone()))
            .messages(user("hello"))
            .send()
    };
    for (read, write) in [(0, 100), (100, 0)] {
        let output = call().await.unwrap();
        let usage = output.usage().unwrap();
        assert_eq!(usage.cache_read_input_tokens(), Some(read));
        assert_eq!(usage.cache_write_input_tokens(), Some(write));
        assert_eq!(usage.input_tokens(), 6);
        assert_eq!(usage.total_tokens(), 106 + usage.output_tokens());
    }
    tokio::time::advance(Duration::from_secs(301)).await;
    let output = call().await.unwrap();
    assert_eq!(
        output.usage().unwrap().cache_write_input_tokens(),
        Some(100)
    );
    // Cache reads cost no quota.
    let usage = simulator.usage();
    let usage = usage.model(CLAUDE).unwrap();
    assert_eq!(
        (usage.cache_read_tokens, usage.cache_write_tokens),
        (100, 200)
    );
    assert_eq!(usage.settled, 18 + 200 + usage.output_tokens * 5);
}

#[tokio::test]
async fn a_guardrail_blocks_a_scripted_word() {
    let simulator = Simulator::new().guardrail_word("Voldemort");
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        for (text, action) in [
            ("hello", GuardrailAction::None),
            ("hello voldemort", GuardrailAction::GuardrailIntervened),
        ] {
            let block = GuardrailTextBlock::builder().text(text).build().unwrap();
            let output = client
                .apply_guardrail()
                .guardrail_identifier("abc123")
                .guardrail_version("1")
                .source(GuardrailContentSource::Input)
                .content(GuardrailContentBlock::Text(block))
                .send()
                .await
                .unwrap();
            assert_eq!(*output.action(), action);
            assert_eq!(output.usage().unwrap().word_policy_units(), 1);
        }
        let output = client
            .converse()
            .model_id(CLAUDE)
            .messages(user("who is Voldemort?"))
            .guardrail_config(
                GuardrailConfiguration::builder()
                    .guardrail_identifier("abc123")
                    .guardrail_version("1")
                    .build(),
            )
            .send()
            .await
            .unwrap();
        assert_eq!(*output.stop_reason(), StopReason::GuardrailIntervened);
    }
}

#[tokio::test]
async fn a_guardrail_looks_at_marked_content_alone_where_there_is_some() {
    let simulator = Simulator::new().guardrail_word("forbidden");
    let client = simulator.sdk_client();
    let config = || GuardrailConfiguration::builder().guardrail_identifier("g");
    let config = config().guardrail_version("1").build();
    for (plain, marked, guardrail, stop) in [
        ("forbidden", "fine", Some(&config), StopReason::EndTurn),
        (
            "fine",
            "forbidden",
            Some(&config),
            StopReason::GuardrailIntervened,
        ),
        ("fine", "forbidden", None, StopReason::EndTurn),
    ] {
        let text = GuardrailConverseTextBlock::builder()
            .text(marked)
            .build()
            .unwrap();
        let message = Message::builder()
            .role(ConversationRole::User)
            .content(ContentBlock::Text(plain.to_owned()))
            .content(ContentBlock::GuardContent(
                GuardrailConverseContentBlock::Text(text),
            ))
            .build()
            .unwrap();
        let call = client.converse().model_id(CLAUDE).messages(message);
        let output = call
            .set_guardrail_config(guardrail.cloned())
            .send()
            .await
            .unwrap();
        assert_eq!(*output.stop_reason(), stop, "{plain}, {marked}");
    }
}

#[tokio::test]
async fn a_guardrail_counts_the_characters_of_its_texts() {
    let client = Simulator::new().sdk_client();
    let call = client
        .apply_guardrail()
        .guardrail_identifier("g")
        .guardrail_version("1");
    let text = |text: &str| GuardrailTextBlock::builder().text(text).build().unwrap();
    let output = call
        .source(GuardrailContentSource::Input)
        .content(GuardrailContentBlock::Text(text(&"x".repeat(995))))
        .content(GuardrailContentBlock::Text(text("world")))
        .send()
        .await
        .unwrap();
    assert_eq!(output.usage().unwrap().word_policy_units(), 1);
    let coverage = output
        .guardrail_coverage()
        .unwrap()
        .text_characters()
        .unwrap();
    assert_eq!(
        (coverage.guarded(), coverage.total()),
        (Some(1_000), Some(1_000))
    );
}

#[tokio::test]
async fn four_cache_points_are_taken_and_not_five() {
    let client = Simulator::new().sdk_client();
    let point = CachePointBlock::builder().r#type(CachePointType::Default);
    let point = ContentBlock::CachePoint(point.build().unwrap());
    for points in [4, 5] {
        let message = Message::builder().role(ConversationRole::User);
        let message = (0..points).fold(message, |message, n| {
            message
                .content(ContentBlock::Text(n.to_string()))
                .content(point.clone())
        });
        let call = client
            .converse()
            .model_id(CLAUDE)
            .messages(message.build().unwrap());
        let answer = call.send().await;
        let said = answer.as_ref().err().and_then(|error| error.message());
        let complaint = "The model returned the following errors: A maximum of 4 blocks with \
                         cache_control may be provided. Found 5.";
        assert_eq!(said, (points == 5).then_some(complaint));
    }
}

#[tokio::test]
async fn anthropic_bodies_are_answered_in_kind() {
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    let body = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "hello"}],
    });
    for client in &clients {
        let answer = invoke(client, CLAUDE, &body).await;
        assert_eq!(answer["type"], "message");
        assert_eq!(answer["stop_reason"], "max_tokens");
        assert_eq!(answer["usage"]["input_tokens"], 6);
        assert_eq!(answer["usage"]["output_tokens"], 10);

        let chunks = invoke_stream(client, CLAUDE, &body).await;
        let kinds: Vec<_> = chunks
            .iter()
            .map(|chunk| chunk["type"].as_str().unwrap())
            .collect();
        assert_eq!(
            kinds,
            [
                "message_start",
                "content_block_start",
                "content_block_delta",
                "content_block_delta",
                "content_block_delta",
                "content_block_stop",
                "message_delta",
                "message_stop"
            ]
        );
        let text: String = chunks
            .iter()
            .filter_map(|chunk| chunk["delta"]["text"].as_str())
            .collect();
        assert_eq!(answer["content"][0]["text"], text);
        assert_eq!(chunks[6]["usage"]["output_tokens"], 10);
        let metrics = &chunks[7]["amazon-bedrock-invocationMetrics"];
        assert_eq!(metrics["inputTokenCount"], 6);
        assert_eq!(metrics["outputTokenCount"], 10);
    }
}

#[tokio::test]
async fn nova_bodies_are_answered_in_kind() {
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    let body = json!({
        "schemaVersion": "messages-v1",
        "messages": [{"role": "user", "content": [{"text": "hello"}]}],
        "inferenceConfig": {"maxTokens": 10},
    });
    for client in &clients {
        let answer = invoke(client, NOVA, &body).await;
        assert_eq!(answer["stopReason"], "max_tokens");
        assert_eq!(answer["usage"]["totalTokens"], 16);
        let chunks = invoke_stream(client, NOVA, &body).await;
        assert_eq!(chunks[0]["messageStart"]["role"], "assistant");
        let text: String = chunks
            .iter()
            .filter_map(|chunk| chunk["contentBlockDelta"]["delta"]["text"].as_str())
            .collect();
        assert_eq!(answer["output"]["message"]["content"][0]["text"], text);
        let last = chunks.last().unwrap();
        assert_eq!(last["metadata"]["usage"]["outputTokens"], 10);
        assert_eq!(
            last["amazon-bedrock-invocationMetrics"]["outputTokenCount"],
            10
        );
    }
}

#[tokio::test]
async fn an_anthropic_tool_and_cache_control_work_in_a_raw_body() {
    let client = Simulator::new().sdk_client();
    let body = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 100,
        "system": [{"type": "text", "text": "x".repeat(40), "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
        "tools": [{"name": "f", "input_schema": {"properties": {"n": {"type": "integer"}}}}],
        "tool_choice": {"type": "tool", "name": "f"},
    });
    let answer = invoke(&client, CLAUDE, &body).await;
    assert_eq!(answer["stop_reason"], "tool_use");
    assert!(answer["content"][0]["input"]["n"].is_i64());
    let written = answer["usage"]["cache_creation_input_tokens"]
        .as_u64()
        .unwrap();
    assert!(written > 10);
    let again = invoke(&client, CLAUDE, &body).await;
    assert_eq!(again["usage"]["cache_read_input_tokens"], written);
    assert_eq!(again["content"], answer["content"]);
}

#[tokio::test]
async fn count_tokens_counts_what_the_call_is_charged() {
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        let converse = ConverseTokensRequest::builder()
            .messages(user("hello"))
            .build();
        let body = json!({
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 10,
            "messages": [{"role": "user", "content": "hello"}],
        });
        let invoke = InvokeModelTokensRequest::builder()
            .body(Blob::new(body.to_string()))
            .build()
            .unwrap();
        for input in [
            CountTokensInput::Converse(converse),
            CountTokensInput::InvokeModel(invoke),
        ] {
            let count = client.count_tokens().model_id(BASE).input(input);
            assert_eq!(count.send().await.unwrap().input_tokens(), 6);
        }
    }
}

#[tokio::test]
async fn tokens_are_counted_for_a_model_and_not_for_a_profile_of_it() {
    let simulator = Simulator::new().model(Model::new(CLAUDE));
    let client = simulator.sdk_client();
    let arn = format!("arn:aws:bedrock:us-east-1::foundation-model/{BASE}");
    for (id, answer) in [
        (BASE, Ok(6)),
        (&*arn, Ok(6)),
        (
            CLAUDE,
            Err("The provided model doesn't support counting tokens."),
        ),
        (NOVA, Err("The provided model identifier is invalid.")),
    ] {
        let request = ConverseTokensRequest::builder().messages(user("hello"));
        let input = CountTokensInput::Converse(request.build());
        let count = client.count_tokens().model_id(id).input(input).send().await;
        let count = count.map(|count| count.input_tokens());
        let count = count.as_ref().map_err(|error| error.message().unwrap());
        assert_eq!(count.copied(), answer, "{id}");
    }
}

#[tokio::test]
async fn the_same_seed_and_request_give_the_same_bytes() {
    let body = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 300,
        "messages": [{"role": "user", "content": "hello"}],
    });
    let answer =
        async |seed| invoke(&Simulator::new().seed(seed).sdk_client(), CLAUDE, &body).await;
    assert_eq!(answer(7).await.to_string(), answer(7).await.to_string());
    assert_ne!(answer(7).await, answer(8).await);
}

#[tokio::test]
async fn an_answer_can_be_scripted() {
    let simulator = Simulator::new();
    let client = simulator.sdk_client();
    simulator.script([
        ScriptedAnswer::new().text("Hello, world"),
        ScriptedAnswer::new()
            .stop_reason(bedrock_sim::StopReason::ContentFiltered)
            .cache_tokens(2, 1),
        ScriptedAnswer::new().output_tokens(33),
    ]);
    let call = || {
        client
            .converse()
            .model_id(CLAUDE)
            .messages(user("hello"))
            .send()
    };
    assert_eq!(text_of(&call().await.unwrap()), "Hello, world");
    let filtered = call().await.unwrap();
    assert_eq!(*filtered.stop_reason(), StopReason::ContentFiltered);
    let usage = filtered.usage().unwrap();
    assert_eq!(
        (
            usage.cache_read_input_tokens(),
            usage.cache_write_input_tokens()
        ),
        (Some(2), Some(1))
    );
    assert_eq!(usage.input_tokens(), 3);
    assert_eq!(call().await.unwrap().usage().unwrap().output_tokens(), 33);
}

#[tokio::test]
async fn a_scripted_answer_has_a_longest_length() {
    let simulator = Simulator::new().model(Model::new(CLAUDE).max_tokens(u64::MAX));
    simulator.script([ScriptedAnswer::new().output_tokens(u64::MAX)]);
    let call = simulator.sdk_client().converse().model_id(CLAUDE);
    let output = call.messages(user("hello")).send().await.unwrap();
    assert_eq!(output.usage().unwrap().output_tokens(), 1_000_000);
}

#[tokio::test]
async fn an_arn_is_a_model_id_too() {
    let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3-haiku-20240307-v1:0";
    let simulator = Simulator::new().model(Model::new(arn));
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        client
            .converse()
            .model_id(arn)
            .messages(user("hello"))
            .send()
            .await
            .unwrap();
    }
    assert_eq!(simulator.usage().model(arn).unwrap().admitted, 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answers_take_their_time_and_streams_come_as_they_are_made() {
    let latency = Latency::new(Duration::from_millis(200), Duration::from_millis(10));
    let simulator = Simulator::new().latency(latency);
    let client = simulator.sdk_client();
    let start = tokio::time::Instant::now();
    let output = client
        .converse()
        .model_id(CLAUDE)
        .messages(user("hello"))
        .inference_config(max_tokens(11))
        .send()
        .await
        .unwrap();
    assert_eq!(start.elapsed(), Duration::from_millis(300));
    assert_eq!(output.metrics().unwrap().latency_ms(), 300);

    let start = tokio::time::Instant::now();
    let mut stream = client
        .converse_stream()
        .model_id(CLAUDE)
        .messages(user("hello"))
        .inference_config(max_tokens(11))
        .send()
        .await
        .unwrap()
        .stream;
    let mut times = Vec::new();
    while stream.recv().await.unwrap().is_some() {
        times.push(start.elapsed().as_millis());
    }
    assert_eq!(times, [200, 230, 270, 300, 300, 300, 300]);
}

#[tokio::test]
async fn images_and_tool_results_are_understood() {
    let client = Simulator::new().sdk_client();
    let image = aws_sdk_bedrockruntime::types::ImageBlock::builder()
        .format(aws_sdk_bedrockruntime::types::ImageFormat::Png)
        .source(aws_sdk_bedrockruntime::types::ImageSource::Bytes(
            Blob::new([1, 2, 3]),
        ))
        .build()
        .unwrap();
    let mut message = user("hello");
    message.content.push(ContentBlock::Image(image));
    let output = client
        .converse()
        .model_id(CLAUDE)
        .messages(message)
        .send()
        .await
        .unwrap();
    assert_eq!(output.usage().unwrap().input_tokens(), 1_606);
}
