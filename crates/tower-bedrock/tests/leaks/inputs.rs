//! What each operation is asked.

use crate::{
    PROMPT,
    common::{MODEL, prompt},
};
use aws_sdk_bedrockruntime::{
    operation::{
        apply_guardrail::ApplyGuardrailInput, converse::ConverseInput,
        converse_stream::ConverseStreamInput, count_tokens::CountTokensInput,
        get_async_invoke::GetAsyncInvokeInput, invoke_guardrail_checks::InvokeGuardrailChecksInput,
        invoke_model::InvokeModelInput,
        invoke_model_with_response_stream::InvokeModelWithResponseStreamInput,
        list_async_invokes::ListAsyncInvokesInput, start_async_invoke::StartAsyncInvokeInput,
    },
    types::{
        AsyncInvokeOutputDataConfig, AsyncInvokeS3OutputDataConfig, ContentBlock, ConversationRole,
        ConverseTokensRequest, CountTokensInput as Counted, GuardrailChecksConfig,
        GuardrailChecksContentBlock, GuardrailChecksMessage, GuardrailContentBlock,
        GuardrailTextBlock, Message, SystemContentBlock, Tool, ToolConfiguration, ToolInputSchema,
        ToolSpecification, ToolUseBlock,
    },
};
use aws_smithy_types::{Blob, Document};
use std::collections::HashMap;

pub(crate) fn converse() -> ConverseInput {
    let input = Document::from("CANARY-tool of a few words");
    let tool = ToolUseBlock::builder()
        .tool_use_id("t")
        .name("n")
        .input(input)
        .build();
    let said = Message::builder()
        .role(ConversationRole::Assistant)
        .content(ContentBlock::ToolUse(tool.expect("all is given")))
        .build();
    let mut converse = prompt(PROMPT);
    converse.system = Some(vec![SystemContentBlock::Text(
        "CANARY-system of a few words".to_owned(),
    )]);
    let messages = converse.messages.get_or_insert_default();
    messages.push(said.expect("all is given"));
    let schema = ToolInputSchema::Json(Document::Object(HashMap::new()));
    let tool = ToolSpecification::builder().name("n").input_schema(schema);
    let tool = Tool::ToolSpec(tool.build().expect("all is given"));
    let tools = ToolConfiguration::builder().tools(tool).build();
    converse.tool_config = Some(tools.expect("all is given"));
    converse
}

pub(crate) fn invoke() -> InvokeModelInput {
    let body = serde_json::json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": PROMPT}],
    });
    let input = InvokeModelInput::builder()
        .model_id(MODEL)
        .body(Blob::new(body.to_string()));
    input.build().expect("nothing is required")
}

pub(crate) fn stream() -> ConverseStreamInput {
    let whole = converse();
    ConverseStreamInput::builder()
        .set_model_id(whole.model_id)
        .set_messages(whole.messages)
        .set_system(whole.system)
        .set_tool_config(whole.tool_config)
        .build()
        .expect("nothing is required")
}

pub(crate) fn chunks() -> InvokeModelWithResponseStreamInput {
    let whole = invoke();
    InvokeModelWithResponseStreamInput::builder()
        .set_model_id(whole.model_id)
        .set_body(whole.body)
        .build()
        .expect("nothing is required")
}

pub(crate) fn count() -> CountTokensInput {
    let whole = converse();
    let counted = ConverseTokensRequest::builder()
        .set_messages(whole.messages)
        .set_system(whole.system);
    CountTokensInput::builder()
        .model_id(MODEL)
        .input(Counted::Converse(counted.build()))
        .build()
        .expect("nothing is required")
}

pub(crate) fn guardrail() -> ApplyGuardrailInput {
    let text = GuardrailTextBlock::builder().text(PROMPT).build();
    ApplyGuardrailInput::builder()
        .guardrail_identifier("g")
        .guardrail_version("1")
        .source("INPUT".into())
        .content(GuardrailContentBlock::Text(text.expect("all is given")))
        .build()
        .expect("nothing is required")
}

pub(crate) fn check() -> InvokeGuardrailChecksInput {
    let message = GuardrailChecksMessage::builder()
        .role("user".into())
        .content(GuardrailChecksContentBlock::Text(PROMPT.to_owned()));
    InvokeGuardrailChecksInput::builder()
        .messages(message.build().expect("all is given"))
        .checks(GuardrailChecksConfig::builder().build())
        .build()
        .expect("nothing is required")
}

pub(crate) fn start() -> StartAsyncInvokeInput {
    let bucket = AsyncInvokeS3OutputDataConfig::builder().s3_uri("s3://b");
    let bucket = bucket.build().expect("the place is given");
    StartAsyncInvokeInput::builder()
        .model_id(MODEL)
        .model_input(Document::String(PROMPT.to_owned()))
        .output_data_config(AsyncInvokeOutputDataConfig::S3OutputDataConfig(bucket))
        .build()
        .expect("nothing is required")
}

pub(crate) fn get() -> GetAsyncInvokeInput {
    let arn = "arn:aws:bedrock:us-east-1:123456789012:async-invoke/abc123";
    let input = GetAsyncInvokeInput::builder().invocation_arn(arn);
    input.build().expect("nothing is required")
}

pub(crate) fn list() -> ListAsyncInvokesInput {
    let input = ListAsyncInvokesInput::builder();
    input.build().expect("nothing is required")
}
