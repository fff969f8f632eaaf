//! Inputs with every member that the SDK can write.

use super::vary::Vary;
use aws_sdk_bedrockruntime::{
    operation::{
        apply_guardrail::ApplyGuardrailInput, converse::ConverseInput,
        count_tokens::CountTokensInput, invoke_model::InvokeModelInput,
    },
    primitives::Blob,
    types::{
        AnyToolChoice, AudioBlock, AudioSource, AutoToolChoice, CachePointBlock, Citation,
        CitationGeneratedContent, CitationLocation, CitationSourceContent, CitationsConfig,
        CitationsContentBlock, ContentBlock, ConverseTokensRequest, CountTokensInput as Counted,
        DocumentBlock, DocumentCharLocation, DocumentChunkLocation, DocumentContentBlock,
        DocumentPageLocation, DocumentSource, ErrorBlock, GuardrailConfiguration,
        GuardrailContentBlock, GuardrailConverseContentBlock, GuardrailConverseImageBlock,
        GuardrailConverseImageSource, GuardrailConverseTextBlock, GuardrailImageBlock,
        GuardrailImageSource, GuardrailTextBlock, ImageBlock, ImageSource, InferenceConfiguration,
        InvokeModelTokensRequest, JsonSchemaDefinition, Message, OutputConfig, OutputFormat,
        OutputFormatStructure, PerformanceConfiguration, PromptVariableValues,
        ReasoningContentBlock, ReasoningTextBlock, S3Location, SearchResultBlock,
        SearchResultContentBlock, SearchResultLocation, ServiceTier, SpecificToolChoice,
        SystemContentBlock, SystemTool, Tool, ToolAdditionBlock, ToolChoice, ToolConfiguration,
        ToolInputSchema, ToolReference, ToolRemovalBlock, ToolResultBlock, ToolResultContentBlock,
        ToolSpecification, ToolUseBlock, VideoBlock, VideoSource, WebLocation,
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

fn message(v: &mut Vary) -> Message {
    let mut blocks = vec![
        ContentBlock::Text(v.text()),
        ContentBlock::CachePoint(cache_point(v)),
        ContentBlock::ToolUse(tool_use(v)),
        ContentBlock::ToolResult(tool_result(v)),
        ContentBlock::CitationsContent(citations(v)),
        ContentBlock::SearchResult(search_result(v)),
    ];
    let reference = |v: &mut Vary| {
        ToolReference::builder()
            .set_type(v.some(Vary::text))
            .set_name(v.some(Vary::text))
            .set_server_name(v.some(Vary::text))
            .build()
    };
    let addition = ToolAdditionBlock::builder().set_tool(v.some(reference));
    let removal = ToolRemovalBlock::builder().set_tool(v.some(reference));
    blocks.push(ContentBlock::ToolAddition(addition.build()));
    blocks.push(ContentBlock::ToolRemoval(removal.build()));
    let text = ReasoningTextBlock::builder()
        .text(v.text())
        .set_signature(v.some(Vary::text))
        .build();
    for reasoning in [
        ReasoningContentBlock::ReasoningText(text.unwrap()),
        ReasoningContentBlock::RedactedContent(v.blob()),
    ] {
        blocks.push(ContentBlock::ReasoningContent(reasoning));
    }
    blocks.extend(guarded(v).map(ContentBlock::GuardContent));
    blocks.extend(images(v).map(ContentBlock::Image));
    blocks.extend(videos(v).map(ContentBlock::Video));
    blocks.extend(audios(v).map(ContentBlock::Audio));
    blocks.extend(documents(v).map(ContentBlock::Document));
    Message::builder()
        .role(v.name())
        .set_content(Some(blocks))
        .build()
        .unwrap()
}

fn tool_use(v: &mut Vary) -> ToolUseBlock {
    ToolUseBlock::builder()
        .tool_use_id(v.text())
        .name(v.text())
        .input(v.document())
        .set_type(v.some(Vary::name))
        .build()
        .unwrap()
}

fn tool_result(v: &mut Vary) -> ToolResultBlock {
    let mut content = vec![
        ToolResultContentBlock::Text(v.text()),
        ToolResultContentBlock::Json(v.document()),
        ToolResultContentBlock::SearchResult(search_result(v)),
    ];
    content.extend(images(v).map(ToolResultContentBlock::Image));
    content.extend(videos(v).map(ToolResultContentBlock::Video));
    content.extend(documents(v).map(ToolResultContentBlock::Document));
    ToolResultBlock::builder()
        .tool_use_id(v.text())
        .set_content(Some(content))
        .set_status(v.some(Vary::name))
        .set_type(v.some(Vary::text))
        .build()
        .unwrap()
}

fn citations(v: &mut Vary) -> CitationsContentBlock {
    let locations = [
        CitationLocation::Web(
            WebLocation::builder()
                .set_url(v.some(Vary::text))
                .set_domain(v.some(Vary::text))
                .build(),
        ),
        CitationLocation::DocumentChar(
            DocumentCharLocation::builder()
                .set_document_index(v.some(Vary::int))
                .set_start(v.some(Vary::int))
                .set_end(v.some(Vary::int))
                .build(),
        ),
        CitationLocation::DocumentPage(
            DocumentPageLocation::builder()
                .set_document_index(v.some(Vary::int))
                .set_start(v.some(Vary::int))
                .set_end(v.some(Vary::int))
                .build(),
        ),
        CitationLocation::DocumentChunk(
            DocumentChunkLocation::builder()
                .set_document_index(v.some(Vary::int))
                .set_start(v.some(Vary::int))
                .set_end(v.some(Vary::int))
                .build(),
        ),
        CitationLocation::SearchResultLocation(
            SearchResultLocation::builder()
                .set_search_result_index(v.some(Vary::int))
                .set_start(v.some(Vary::int))
                .set_end(v.some(Vary::int))
                .build(),
        ),
    ];
    let citations = locations.map(|location| {
        Citation::builder()
            .set_title(v.some(Vary::text))
            .set_source(v.some(Vary::text))
            .set_source_content(v.some(|v| vec![CitationSourceContent::Text(v.text())]))
            .location(location)
            .build()
    });
    CitationsContentBlock::builder()
        .set_content(v.some(|v| vec![CitationGeneratedContent::Text(v.text())]))
        .set_citations(Some(citations.into()))
        .build()
}

fn search_result(v: &mut Vary) -> SearchResultBlock {
    let content = SearchResultContentBlock::builder().text(v.text()).build();
    SearchResultBlock::builder()
        .source(v.text())
        .title(v.text())
        .content(content.unwrap())
        .set_citations(v.some(citations_config))
        .build()
        .unwrap()
}

fn citations_config(v: &mut Vary) -> CitationsConfig {
    let config = CitationsConfig::builder().enabled(v.bool()).build();
    config.unwrap()
}

fn cache_point(v: &mut Vary) -> CachePointBlock {
    CachePointBlock::builder()
        .r#type(v.name())
        .set_ttl(v.some(Vary::name))
        .build()
        .unwrap()
}

fn s3(v: &mut Vary) -> S3Location {
    S3Location::builder()
        .uri(v.text())
        .set_bucket_owner(v.some(Vary::text))
        .build()
        .unwrap()
}

fn failure(v: &mut Vary) -> ErrorBlock {
    ErrorBlock::builder()
        .set_message(v.some(Vary::text))
        .build()
}

fn guarded(v: &mut Vary) -> impl Iterator<Item = GuardrailConverseContentBlock> + use<> {
    let text = GuardrailConverseTextBlock::builder()
        .text(v.text())
        .set_qualifiers(v.some(|v| vec![v.name()]))
        .build();
    let image = GuardrailConverseImageBlock::builder()
        .format(v.name())
        .source(GuardrailConverseImageSource::Bytes(v.blob()))
        .build();
    let blocks = [
        GuardrailConverseContentBlock::Text(text.unwrap()),
        GuardrailConverseContentBlock::Image(image.unwrap()),
    ];
    blocks.into_iter()
}

fn images(v: &mut Vary) -> impl Iterator<Item = ImageBlock> + use<> {
    let sources = [ImageSource::Bytes(v.blob()), ImageSource::S3Location(s3(v))];
    let blocks = sources.map(|source| {
        ImageBlock::builder()
            .format(v.name())
            .set_source(v.some(|_| source))
            .set_error(v.some(failure))
            .build()
            .unwrap()
    });
    blocks.into_iter()
}

fn videos(v: &mut Vary) -> impl Iterator<Item = VideoBlock> + use<> {
    let sources = [VideoSource::Bytes(v.blob()), VideoSource::S3Location(s3(v))];
    let blocks = sources.map(|source| {
        VideoBlock::builder()
            .format(v.name())
            .set_source(v.some(|_| source))
            .build()
            .unwrap()
    });
    blocks.into_iter()
}

fn audios(v: &mut Vary) -> impl Iterator<Item = AudioBlock> + use<> {
    let sources = [AudioSource::Bytes(v.blob()), AudioSource::S3Location(s3(v))];
    let blocks = sources.map(|source| {
        AudioBlock::builder()
            .format(v.name())
            .set_source(v.some(|_| source))
            .set_error(v.some(failure))
            .build()
            .unwrap()
    });
    blocks.into_iter()
}

fn documents(v: &mut Vary) -> impl Iterator<Item = DocumentBlock> + use<> {
    let sources = [
        DocumentSource::Bytes(v.blob()),
        DocumentSource::S3Location(s3(v)),
        DocumentSource::Text(v.text()),
        DocumentSource::Content(vec![DocumentContentBlock::Text(v.text())]),
    ];
    let blocks = sources.map(|source| {
        DocumentBlock::builder()
            .format(v.name())
            .name(v.text())
            .set_source(v.some(|_| source))
            .set_context(v.some(Vary::text))
            .set_citations(v.some(citations_config))
            .build()
            .unwrap()
    });
    blocks.into_iter()
}
