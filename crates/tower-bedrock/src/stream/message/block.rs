use super::document::document;
use aws_sdk_bedrockruntime::{
    error::BuildError,
    primitives::Blob,
    types::{
        Citation, CitationGeneratedContent, CitationSourceContent, CitationsContentBlock,
        CitationsDelta, ContentBlock, ContentBlockDelta, ContentBlockStart, ImageBlock,
        ImageBlockDelta, ImageBlockStart, ImageSource, ReasoningContentBlock,
        ReasoningContentBlockDelta, ReasoningTextBlock, ToolResultBlock, ToolResultBlockDelta,
        ToolResultBlockStart, ToolResultContentBlock, ToolUseBlock, ToolUseBlockStart,
    },
};
use aws_smithy_types::Document;
use std::collections::HashMap;

/// A content block on its way. Only some begin with an event of their own, and what comes in the deltas
/// says what a block is.
#[derive(Default)]
pub(super) struct Block {
    start: Option<Start>,
    text: String,
    citations: Vec<CitationsDelta>,
    reasoning: Option<Reasoning>,
    tool_input: String,
    tool_result: Vec<ToolResultBlockDelta>,
    images: Vec<ImageBlockDelta>,
}

enum Start {
    ToolUse(ToolUseBlockStart),
    ToolResult(ToolResultBlockStart),
    Image(ImageBlockStart),
}

#[derive(Default)]
struct Reasoning {
    text: String,
    signature: Option<String>,
    redacted: Option<Vec<u8>>,
}

impl Block {
    pub(super) fn started(start: ContentBlockStart) -> Option<Self> {
        let start = match start {
            ContentBlockStart::ToolUse(start) => Start::ToolUse(start),
            ContentBlockStart::ToolResult(start) => Start::ToolResult(start),
            ContentBlockStart::Image(start) => Start::Image(start),
            _ => return None,
        };
        Some(Self {
            start: Some(start),
            ..Self::default()
        })
    }

    pub(super) fn add(&mut self, delta: ContentBlockDelta) {
        match delta {
            ContentBlockDelta::Text(text) => self.text.push_str(&text),
            ContentBlockDelta::Citation(citation) => self.citations.push(citation),
            ContentBlockDelta::ReasoningContent(delta) => {
                self.reasoning.get_or_insert_default().add(delta);
            }
            ContentBlockDelta::ToolUse(delta) => self.tool_input.push_str(&delta.input),
            ContentBlockDelta::ToolResult(deltas) => self.tool_result.extend(deltas),
            ContentBlockDelta::Image(delta) => self.images.push(delta),
            _ => {}
        }
    }

    /// The block, or nothing if there is nothing of it that could be used.
    pub(super) fn finish(self, is_cut_off: bool) -> Result<Option<ContentBlock>, BuildError> {
        let block = match self.start {
            Some(Start::ToolUse(start)) => {
                let Some(input) = tool_input(self.tool_input, is_cut_off) else {
                    return Ok(None);
                };
                let tool_use = ToolUseBlock::builder()
                    .tool_use_id(start.tool_use_id)
                    .name(start.name)
                    .set_type(start.r#type)
                    .input(input);
                ContentBlock::ToolUse(tool_use.build()?)
            }
            Some(Start::ToolResult(start)) => {
                let content = self.tool_result.into_iter().filter_map(tool_result);
                let result = ToolResultBlock::builder()
                    .tool_use_id(start.tool_use_id)
                    .set_content(Some(content.collect()))
                    .set_status(start.status)
                    .set_type(start.r#type);
                ContentBlock::ToolResult(result.build()?)
            }
            Some(Start::Image(start)) => {
                let (source, error) = image(self.images);
                let image = ImageBlock::builder()
                    .format(start.format)
                    .set_source(source)
                    .set_error(error);
                ContentBlock::Image(image.build()?)
            }
            None if !self.citations.is_empty() => {
                let cited = CitationsContentBlock::builder()
                    .content(CitationGeneratedContent::Text(self.text))
                    .set_citations(Some(self.citations.into_iter().map(citation).collect()));
                ContentBlock::CitationsContent(cited.build())
            }
            None => match self.reasoning {
                Some(reasoning) => ContentBlock::ReasoningContent(reasoning.finish()?),
                None => ContentBlock::Text(self.text),
            },
        };
        Ok(Some(block))
    }
}

/// A tool without parameters is asked for without a byte of input.
fn tool_input(text: String, is_cut_off: bool) -> Option<Document> {
    match serde_json::from_str(&text) {
        Ok(json) => Some(document(json)),
        Err(_) if is_cut_off => None,
        Err(_) if text.trim().is_empty() => Some(Document::Object(HashMap::new())),
        Err(_) => Some(Document::String(text)),
    }
}

fn tool_result(delta: ToolResultBlockDelta) -> Option<ToolResultContentBlock> {
    match delta {
        ToolResultBlockDelta::Text(text) => Some(ToolResultContentBlock::Text(text)),
        ToolResultBlockDelta::Json(json) => Some(ToolResultContentBlock::Json(json)),
        _ => None,
    }
}

fn citation(delta: CitationsDelta) -> Citation {
    let content = delta.source_content.map(|content| {
        let texts = content.into_iter().filter_map(|part| part.text);
        texts.map(CitationSourceContent::Text).collect()
    });
    Citation::builder()
        .set_title(delta.title)
        .set_source(delta.source)
        .set_source_content(content)
        .set_location(delta.location)
        .build()
}

/// Bytes come in pieces; of anything else the last word counts.
fn image(
    deltas: Vec<ImageBlockDelta>,
) -> (
    Option<ImageSource>,
    Option<aws_sdk_bedrockruntime::types::ErrorBlock>,
) {
    let (mut source, mut error) = (None, None);
    for delta in deltas {
        error = delta.error.or(error);
        source = match (source, delta.source) {
            (Some(ImageSource::Bytes(first)), Some(ImageSource::Bytes(more))) => {
                let mut bytes = first.into_inner();
                bytes.extend_from_slice(more.as_ref());
                Some(ImageSource::Bytes(Blob::new(bytes)))
            }
            (old, new) => new.or(old),
        };
    }
    (source, error)
}

impl Reasoning {
    fn add(&mut self, delta: ReasoningContentBlockDelta) {
        match delta {
            ReasoningContentBlockDelta::Text(text) => self.text.push_str(&text),
            ReasoningContentBlockDelta::Signature(part) => {
                self.signature.get_or_insert_default().push_str(&part);
            }
            ReasoningContentBlockDelta::RedactedContent(part) => {
                let redacted = self.redacted.get_or_insert_default();
                redacted.extend_from_slice(part.as_ref());
            }
            _ => {}
        }
    }

    fn finish(self) -> Result<ReasoningContentBlock, BuildError> {
        if let Some(redacted) = self.redacted {
            return Ok(ReasoningContentBlock::RedactedContent(Blob::new(redacted)));
        }
        let text = ReasoningTextBlock::builder()
            .text(self.text)
            .set_signature(self.signature);
        Ok(ReasoningContentBlock::ReasoningText(text.build()?))
    }
}
