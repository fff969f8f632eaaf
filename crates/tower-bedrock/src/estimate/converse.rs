use super::{IMAGE, MESSAGE, TOOL, TOOL_CALL, audio, bytes, document, json, text, video};
use aws_sdk_bedrockruntime::{
    operation::converse::ConverseInput,
    types::{
        AudioSource, CitationGeneratedContent, CitationsContentBlock, ContentBlock, DocumentBlock,
        DocumentContentBlock, DocumentFormat, DocumentSource, GuardrailConverseContentBlock,
        PromptVariableValues, ReasoningContentBlock, SearchResultBlock, SystemContentBlock, Tool,
        ToolConfiguration, ToolInputSchema, ToolResultContentBlock, VideoSource,
    },
};

/// A walk over what the model reads, which copies and serializes nothing.
pub(crate) fn input_tokens(input: &ConverseInput) -> u64 {
    let messages = input.messages.iter().flatten();
    let messages = messages.map(|message| {
        let content = message.content.iter().map(block).sum::<u64>();
        content.saturating_add(MESSAGE)
    });
    let variables = input.prompt_variables.iter().flatten();
    let variables = variables.map(|(_, value)| match value {
        PromptVariableValues::Text(value) => text(value),
        _ => 0,
    });
    messages.sum::<u64>()
        + input.system.iter().flatten().map(system).sum::<u64>()
        + input.tool_config.as_ref().map_or(0, tools)
        + variables.sum::<u64>()
}

fn system(block: &SystemContentBlock) -> u64 {
    match block {
        SystemContentBlock::Text(part) => text(part),
        SystemContentBlock::GuardContent(guarded) => guard(guarded),
        _ => 0,
    }
}

fn tools(config: &ToolConfiguration) -> u64 {
    let tools = config.tools.iter().map(|tool| match tool {
        Tool::ToolSpec(spec) => {
            let schema = match &spec.input_schema {
                Some(ToolInputSchema::Json(schema)) => bytes(json::len(schema)),
                _ => 0,
            };
            TOOL + text(&spec.name) + optional(spec.description.as_deref()) + schema
        }
        Tool::SystemTool(_) => TOOL,
        _ => 0,
    });
    tools.sum()
}

fn block(block: &ContentBlock) -> u64 {
    match block {
        ContentBlock::Text(part) => text(part),
        ContentBlock::Image(_) => IMAGE,
        ContentBlock::Document(part) => self::document_block(part),
        ContentBlock::Video(part) => video(video_len(part.source.as_ref())),
        ContentBlock::Audio(part) => audio(match &part.source {
            Some(AudioSource::Bytes(blob)) => Some(blob.as_ref().len()),
            _ => None,
        }),
        ContentBlock::ToolUse(call) => TOOL_CALL + text(&call.name) + bytes(json::len(&call.input)),
        ContentBlock::ToolResult(result) => {
            TOOL_CALL + result.content.iter().map(tool_result).sum::<u64>()
        }
        ContentBlock::GuardContent(guarded) => guard(guarded),
        ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(reasoning)) => {
            text(&reasoning.text)
        }
        ContentBlock::ReasoningContent(ReasoningContentBlock::RedactedContent(hidden)) => {
            bytes(hidden.as_ref().len())
        }
        ContentBlock::CitationsContent(cited) => citations(cited),
        ContentBlock::SearchResult(found) => search_result(found),
        _ => 0,
    }
}

fn tool_result(content: &ToolResultContentBlock) -> u64 {
    match content {
        ToolResultContentBlock::Text(part) => text(part),
        ToolResultContentBlock::Json(value) => bytes(json::len(value)),
        ToolResultContentBlock::Image(_) => IMAGE,
        ToolResultContentBlock::Document(part) => document_block(part),
        ToolResultContentBlock::Video(part) => video(video_len(part.source.as_ref())),
        ToolResultContentBlock::SearchResult(found) => search_result(found),
        _ => 0,
    }
}

fn document_block(block: &DocumentBlock) -> u64 {
    use DocumentFormat::{Csv, Html, Md, Txt};
    let content = match &block.source {
        Some(DocumentSource::Text(part)) => text(part),
        Some(DocumentSource::Content(parts)) => parts
            .iter()
            .map(|part| match part {
                DocumentContentBlock::Text(part) => text(part),
                _ => 0,
            })
            .sum(),
        Some(DocumentSource::Bytes(blob)) => match block.format {
            Csv | Html | Md | Txt => bytes(blob.as_ref().len()),
            _ => document(Some(blob.as_ref().len())),
        },
        _ => document(None),
    };
    text(&block.name) + optional(block.context.as_deref()) + content
}

fn guard(block: &GuardrailConverseContentBlock) -> u64 {
    match block {
        GuardrailConverseContentBlock::Text(part) => text(&part.text),
        GuardrailConverseContentBlock::Image(_) => IMAGE,
        _ => 0,
    }
}

fn citations(block: &CitationsContentBlock) -> u64 {
    let content = block.content.iter().flatten();
    content
        .map(|part| match part {
            CitationGeneratedContent::Text(part) => text(part),
            _ => 0,
        })
        .sum()
}

fn search_result(block: &SearchResultBlock) -> u64 {
    let content = block.content.iter().map(|part| text(&part.text));
    text(&block.source) + text(&block.title) + content.sum::<u64>()
}

fn video_len(source: Option<&VideoSource>) -> Option<usize> {
    match source {
        Some(VideoSource::Bytes(blob)) => Some(blob.as_ref().len()),
        _ => None,
    }
}

fn optional(part: Option<&str>) -> u64 {
    part.map_or(0, text)
}
