//! Messages with every block that the SDK can write.

use super::vary::Vary;
use aws_sdk_bedrockruntime::types::{
    AudioBlock, AudioSource, CachePointBlock, Citation, CitationGeneratedContent, CitationLocation,
    CitationSourceContent, CitationsConfig, CitationsContentBlock, ContentBlock, DocumentBlock,
    DocumentCharLocation, DocumentChunkLocation, DocumentContentBlock, DocumentPageLocation,
    DocumentSource, ErrorBlock, GuardrailConverseContentBlock, GuardrailConverseImageBlock,
    GuardrailConverseImageSource, GuardrailConverseTextBlock, ImageBlock, ImageSource, Message,
    ReasoningContentBlock, ReasoningTextBlock, S3Location, SearchResultBlock,
    SearchResultContentBlock, SearchResultLocation, ToolAdditionBlock, ToolReference,
    ToolRemovalBlock, ToolResultBlock, ToolResultContentBlock, ToolUseBlock, VideoBlock,
    VideoSource, WebLocation,
};

pub(crate) fn message(v: &mut Vary) -> Message {
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

pub(crate) fn cache_point(v: &mut Vary) -> CachePointBlock {
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

pub(crate) fn guarded(v: &mut Vary) -> impl Iterator<Item = GuardrailConverseContentBlock> + use<> {
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
