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
    is_stopped: bool,
    text: Option<String>,
    citations: Vec<CitationsDelta>,
    reasoning: Option<Reasoning>,
    tool_input: Option<String>,
    tool_result: Vec<ToolResultBlockDelta>,
    images: Vec<ImageBlockDelta>,
}

/// Where the limit of tokens that ended the message may have cut a block off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// There was none.
    Nowhere,
    /// In a later block: this one had its end.
    Later,
    /// In this one: it is the last, or had no end.
    Here,
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
            ContentBlockDelta::Text(text) => self.text.get_or_insert_default().push_str(&text),
            ContentBlockDelta::Citation(citation) => self.citations.push(citation),
            ContentBlockDelta::ReasoningContent(delta) => {
                self.reasoning.get_or_insert_default().add(delta);
            }
            ContentBlockDelta::ToolUse(delta) => {
                let input = self.tool_input.get_or_insert_default();
                input.push_str(&delta.input);
            }
            ContentBlockDelta::ToolResult(deltas) => self.tool_result.extend(deltas),
            ContentBlockDelta::Image(delta) => self.images.push(delta),
            _ => {}
        }
    }

    pub(super) fn stop(&mut self) {
        self.is_stopped = true;
    }

    pub(super) const fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// The block, or nothing if there is nothing of it that could be used.
    ///
    /// It is an error if its start is missing, and it is of a kind that has one.
    pub(super) fn finish(self, cut: Cut) -> Result<Option<ContentBlock>, BuildError> {
        let block = match self.start {
            Some(Start::ToolUse(start)) => {
                let Some(input) = tool_input(self.tool_input.unwrap_or_default(), cut) else {
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
            None if self.tool_input.is_some() => {
                ContentBlock::ToolUse(ToolUseBlock::builder().build()?)
            }
            None if !self.tool_result.is_empty() => {
                ContentBlock::ToolResult(ToolResultBlock::builder().build()?)
            }
            None if !self.images.is_empty() => ContentBlock::Image(ImageBlock::builder().build()?),
            None if !self.citations.is_empty() => {
                let text = self.text.unwrap_or_default();
                let cited = CitationsContentBlock::builder()
                    .content(CitationGeneratedContent::Text(text))
                    .set_citations(Some(self.citations.into_iter().map(citation).collect()));
                ContentBlock::CitationsContent(cited.build())
            }
            None => match (self.reasoning, self.text) {
                (Some(reasoning), _) => ContentBlock::ReasoningContent(reasoning.finish()?),
                (None, Some(text)) => ContentBlock::Text(text),
                // All that came of it is newer than the SDK.
                (None, None) => return Ok(None),
            },
        };
        Ok(Some(block))
    }
}

/// A tool without parameters is asked for without a byte of input.
fn tool_input(text: String, cut: Cut) -> Option<Document> {
    let is_empty = text.trim().is_empty();
    match (document(&text), cut) {
        // Of anything but an object nobody can tell whether more was to come.
        (input, Cut::Here) => input.filter(Document::is_object),
        (Some(input @ Document::Object(_)), Cut::Later) => Some(input),
        (_, Cut::Later) => is_empty.then(|| Document::Object(HashMap::new())),
        (Some(input), Cut::Nowhere) => Some(input),
        (None, Cut::Nowhere) if is_empty => Some(Document::Object(HashMap::new())),
        (None, Cut::Nowhere) => Some(Document::String(text)),
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
