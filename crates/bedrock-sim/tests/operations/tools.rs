//! When is a tool called, and with what?

use crate::fronts::{CLAUDE, both, user};
use aws_sdk_bedrockruntime::types::{
    AnyToolChoice, ConverseStreamOutput, StopReason, Tool, ToolChoice, ToolConfiguration,
    ToolInputSchema, ToolSpecification,
};
use aws_smithy_types::Document;
use bedrock_sim::Simulator;
use serde_json::Value;

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
