use super::{
    json,
    rules::{IMAGE, MESSAGE, TOOL, TOOL_CALL, audio, bytes, document, text, video},
};
use aws_sdk_bedrockruntime::types::{
    AudioSource, CitationGeneratedContent, CitationsContentBlock, ContentBlock, DocumentBlock,
    DocumentContentBlock, DocumentFormat, DocumentSource, GuardrailConverseContentBlock, Message,
    PromptVariableValues, ReasoningContentBlock, SearchResultBlock, SystemContentBlock, Tool,
    ToolConfiguration, ToolInputSchema, ToolResultContentBlock, VideoSource,
};
use std::collections::HashMap;

/// What of an input the model reads.
pub(crate) struct Prompt<'a> {
    pub(crate) messages: &'a [Message],
    pub(crate) system: &'a [SystemContentBlock],
    pub(crate) tools: Option<&'a ToolConfiguration>,
    pub(crate) variables: Option<&'a HashMap<String, PromptVariableValues>>,
}

impl Prompt<'_> {
    /// Its tokens. A walk that copies and serializes nothing: prompts are long, and each call is
    /// estimated, attempts included.
    pub(crate) fn tokens(&self) -> u64 {
        let messages = self.messages.iter().map(|message| {
            let content = message.content.iter().map(block).sum::<u64>();
            content.saturating_add(MESSAGE)
        });
        let variables = self.variables.into_iter().flatten();
        let variables = variables.map(|(_, value)| match value {
            PromptVariableValues::Text(value) => text(value),
            _ => 0,
        });
        messages.sum::<u64>()
            + self.system.iter().map(system).sum::<u64>()
            + self.tools.map_or(0, tools)
            + variables.sum::<u64>()
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_bedrockruntime::{
        operation::converse::ConverseInput,
        primitives::Blob,
        types::{
            CachePointBlock, CachePointType, ConversationRole, DocumentBlock,
            GuardrailConverseTextBlock, ImageBlock, ImageFormat, ImageSource, S3Location,
            ToolResultBlock, ToolSpecification, ToolUseBlock, VideoBlock, VideoFormat,
        },
    };
    use aws_smithy_types::Document;
    use proptest::prelude::*;

    fn input_tokens(input: &ConverseInput) -> u64 {
        let prompt = Prompt {
            messages: input.messages(),
            system: input.system(),
            tools: input.tool_config(),
            variables: input.prompt_variables(),
        };
        prompt.tokens()
    }

    fn cost(content: Vec<ContentBlock>) -> u64 {
        let message = Message::builder()
            .role(ConversationRole::User)
            .set_content(Some(content));
        let input = ConverseInput::builder().messages(message.build().unwrap());
        input_tokens(&input.build().unwrap()) - MESSAGE
    }

    fn word(text: &str) -> ContentBlock {
        ContentBlock::Text(text.to_owned())
    }

    fn paper(format: DocumentFormat, source: DocumentSource) -> ContentBlock {
        let block = DocumentBlock::builder().format(format).name("name");
        ContentBlock::Document(block.source(source).build().unwrap())
    }

    fn object(name: &str, value: &str) -> Document {
        Document::Object(HashMap::from([(name.to_owned(), value.into())]))
    }

    #[test]
    fn an_empty_request_costs_nothing() {
        assert_eq!(input_tokens(&ConverseInput::builder().build().unwrap()), 0);
    }

    #[test]
    fn every_kind_of_content_has_its_cost() {
        let cache_point = CachePointBlock::builder().r#type(CachePointType::Default);
        let bytes = |len| Blob::new(vec![0; len]);
        let s3 = S3Location::builder().uri("s3://a/b").build().unwrap();
        let image = ImageBlock::builder()
            .format(ImageFormat::Png)
            .source(ImageSource::Bytes(bytes(900_000)));
        let video = |source| {
            let block = VideoBlock::builder()
                .format(VideoFormat::Mp4)
                .source(source);
            ContentBlock::Video(block.build().unwrap())
        };
        let guarded = GuardrailConverseTextBlock::builder().text("12345678");
        let guarded = GuardrailConverseContentBlock::Text(guarded.build().unwrap());
        let tool_use = ToolUseBlock::builder()
            .tool_use_id("1")
            .name("look")
            .input(object("a", "b"));
        let result = ToolResultBlock::builder()
            .tool_use_id("1")
            .content(ToolResultContentBlock::Text("12345678".to_owned()))
            .content(ToolResultContentBlock::Json(object("a", "b")));
        for (block, tokens) in [
            (word("12345"), 2),
            (ContentBlock::CachePoint(cache_point.build().unwrap()), 0),
            (ContentBlock::Image(image.build().unwrap()), IMAGE),
            (
                paper(DocumentFormat::Pdf, DocumentSource::Bytes(bytes(250_000))),
                1 + 9_000,
            ),
            (
                paper(DocumentFormat::Pdf, DocumentSource::S3Location(s3)),
                1 + 3_000,
            ),
            (
                paper(DocumentFormat::Txt, DocumentSource::Bytes(bytes(400))),
                1 + 100,
            ),
            (
                paper(DocumentFormat::Txt, DocumentSource::Text("1234".to_owned())),
                1 + 1,
            ),
            (video(VideoSource::Bytes(bytes(5_000_000))), 20_000),
            (ContentBlock::GuardContent(guarded), 2),
            // {"a":"b"}
            (
                ContentBlock::ToolUse(tool_use.build().unwrap()),
                TOOL_CALL + 1 + 3,
            ),
            (
                ContentBlock::ToolResult(result.build().unwrap()),
                TOOL_CALL + 2 + 3,
            ),
        ] {
            assert_eq!(cost(vec![block.clone()]), tokens, "{block:?}");
        }
    }

    #[test]
    fn system_prompts_and_tools_count() {
        let tool = ToolSpecification::builder()
            .name("look")
            .description("12345678")
            .input_schema(ToolInputSchema::Json(object("a", "b")));
        let tools = ToolConfiguration::builder().tools(Tool::ToolSpec(tool.build().unwrap()));
        let input = ConverseInput::builder()
            .system(SystemContentBlock::Text("1234".to_owned()))
            .tool_config(tools.build().unwrap());
        assert_eq!(input_tokens(&input.build().unwrap()), 1 + TOOL + 1 + 2 + 3);
    }

    proptest! {
        #[test]
        fn it_is_the_sum_of_its_parts(texts in prop::collection::vec("\\PC{0,40}", 0..20)) {
            let parts = texts.iter().map(|text| (text.len() as u64).div_ceil(4)).sum::<u64>();
            prop_assert_eq!(cost(texts.iter().map(|text| word(text)).collect()), parts);
        }
    }
}
