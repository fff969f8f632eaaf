//! Inputs with every member that the SDK can write.

use super::{
    contents::{cache_point, guarded, message},
    vary::Vary,
};
use aws_sdk_bedrockruntime::{
    operation::{
        apply_guardrail::ApplyGuardrailInput, converse::ConverseInput,
        count_tokens::CountTokensInput, invoke_model::InvokeModelInput,
    },
    primitives::Blob,
    types::{
        AnyToolChoice, AutoToolChoice, ConverseTokensRequest, CountTokensInput as Counted,
        GuardrailConfiguration, GuardrailContentBlock, GuardrailImageBlock, GuardrailImageSource,
        GuardrailTextBlock, InferenceConfiguration, InvokeModelTokensRequest, JsonSchemaDefinition,
        OutputConfig, OutputFormat, OutputFormatStructure, PerformanceConfiguration,
        PromptVariableValues, ServiceTier, SpecificToolChoice, SystemContentBlock, SystemTool,
        Tool, ToolChoice, ToolConfiguration, ToolInputSchema, ToolSpecification,
    },
};
use std::collections::HashMap;

/// How a tool is chosen; a request has one of them.
pub(crate) const CHOICES: [Choice; 3] = [auto, any, tool];

type Choice = fn(&mut Vary) -> ToolChoice;

pub(crate) fn converse(v: &mut Vary, choice: Choice) -> ConverseInput {
    ConverseInput::builder()
        .model_id(v.text())
        .set_messages(v.some(|v| vec![message(v)]))
        .set_system(v.some(system))
        .set_inference_config(v.some(|v| {
            InferenceConfiguration::builder()
                .set_max_tokens(v.some(Vary::int))
                .set_temperature(v.some(Vary::float))
                .set_top_p(v.some(Vary::float))
                .set_stop_sequences(v.some(|v| vec![v.text()]))
                .build()
        }))
        .set_tool_config(v.some(|v| tools(v, choice)))
        .set_guardrail_config(v.some(|v| {
            GuardrailConfiguration::builder()
                .guardrail_identifier(v.text())
                .guardrail_version(v.text())
                .trace(v.name())
                .build()
        }))
        .set_additional_model_request_fields(v.some(Vary::document))
        .set_prompt_variables(
            v.some(|v| HashMap::from([(v.text(), PromptVariableValues::Text(v.text()))])),
        )
        .set_additional_model_response_field_paths(v.some(|v| vec![v.text()]))
        // The one that does not count.
        .request_metadata("team", "search")
        .set_performance_config(v.some(|v| {
            PerformanceConfiguration::builder()
                .latency(v.name())
                .build()
        }))
        .set_service_tier(v.some(|v| {
            let tier = ServiceTier::builder().r#type(v.name()).build();
            tier.unwrap()
        }))
        .set_output_config(v.some(|v| {
            OutputConfig::builder()
                .set_text_format(v.some(output_format))
                .set_effort(v.some(Vary::text))
                .build()
        }))
        .build()
        .unwrap()
}

pub(crate) fn count_converse(v: &mut Vary, choice: Choice) -> CountTokensInput {
    let request = ConverseTokensRequest::builder()
        .set_messages(v.some(|v| vec![message(v)]))
        .set_system(v.some(system))
        .set_tool_config(v.some(|v| tools(v, choice)))
        .set_additional_model_request_fields(v.some(Vary::document))
        .build();
    count(v, Counted::Converse(request))
}

pub(crate) fn count_invoke_model(v: &mut Vary) -> CountTokensInput {
    let request = InvokeModelTokensRequest::builder().body(v.blob()).build();
    count(v, Counted::InvokeModel(request.unwrap()))
}

fn count(v: &mut Vary, counted: Counted) -> CountTokensInput {
    CountTokensInput::builder()
        .model_id(v.text())
        .set_input(v.some(|_| counted))
        .build()
        .unwrap()
}

pub(crate) fn invoke_model(v: &mut Vary) -> InvokeModelInput {
    InvokeModelInput::builder()
        .model_id(v.text())
        .set_body(v.some(|v| Blob::new(v.either(r#"{"a":1}"#, r#"{"a":2}"#))))
        // Headers are ASCII.
        .set_content_type(v.some(Vary::name))
        .set_accept(v.some(Vary::name))
        .set_trace(v.some(Vary::name))
        .set_guardrail_identifier(v.some(Vary::name))
        .set_guardrail_version(v.some(Vary::name))
        .set_performance_config_latency(v.some(Vary::name))
        .set_service_tier(v.some(Vary::name))
        // The one that does not count.
        .request_metadata(r#"{"team":"search"}"#)
        .build()
        .unwrap()
}

pub(crate) fn apply_guardrail(v: &mut Vary) -> ApplyGuardrailInput {
    let text = GuardrailTextBlock::builder()
        .text(v.text())
        .set_qualifiers(v.some(|v| vec![v.name()]))
        .build();
    let image = GuardrailImageBlock::builder()
        .format(v.name())
        .source(GuardrailImageSource::Bytes(v.blob()))
        .build();
    let content = vec![
        GuardrailContentBlock::Text(text.unwrap()),
        GuardrailContentBlock::Image(image.unwrap()),
    ];
    ApplyGuardrailInput::builder()
        .guardrail_identifier(v.text())
        .guardrail_version(v.text())
        .set_source(v.some(Vary::name))
        .set_content(v.some(|_| content))
        .set_output_scope(v.some(Vary::name))
        .build()
        .unwrap()
}

fn auto(_: &mut Vary) -> ToolChoice {
    ToolChoice::Auto(AutoToolChoice::builder().build())
}

fn any(_: &mut Vary) -> ToolChoice {
    ToolChoice::Any(AnyToolChoice::builder().build())
}

fn tool(v: &mut Vary) -> ToolChoice {
    let tool = SpecificToolChoice::builder().name(v.text()).build();
    ToolChoice::Tool(tool.unwrap())
}

fn tools(v: &mut Vary, choice: Choice) -> ToolConfiguration {
    let spec = ToolSpecification::builder()
        .name(v.text())
        .set_description(v.some(Vary::text))
        .set_input_schema(v.some(|v| ToolInputSchema::Json(v.document())))
        .set_strict(v.some(Vary::bool))
        .build();
    let system = SystemTool::builder().name(v.text()).build();
    ToolConfiguration::builder()
        .tools(Tool::ToolSpec(spec.unwrap()))
        .tools(Tool::SystemTool(system.unwrap()))
        .tools(Tool::CachePoint(cache_point(v)))
        .set_tool_choice(v.some(choice))
        .build()
        .unwrap()
}

fn output_format(v: &mut Vary) -> OutputFormat {
    let schema = JsonSchemaDefinition::builder()
        .schema(v.text())
        .set_name(v.some(Vary::text))
        .set_description(v.some(Vary::text))
        .build();
    OutputFormat::builder()
        .r#type(v.name())
        .set_structure(v.some(|_| OutputFormatStructure::JsonSchema(schema.unwrap())))
        .build()
        .unwrap()
}

fn system(v: &mut Vary) -> Vec<SystemContentBlock> {
    let mut blocks = vec![
        SystemContentBlock::Text(v.text()),
        SystemContentBlock::CachePoint(cache_point(v)),
    ];
    blocks.extend(guarded(v).map(SystemContentBlock::GuardContent));
    blocks
}
