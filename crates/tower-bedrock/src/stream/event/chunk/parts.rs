//! What stands inside of a chunk.

use crate::{
    maybe::{Member, get},
    response::Usage,
};
use serde::{Deserialize, de::IgnoredAny};
use std::borrow::Cow;

pub(super) type Text<'a> = Option<Cow<'a, str>>;
/// Some have the number of a token there, or nothing between the quotes.
pub(super) type Reason<'a> = Member<Cow<'a, str>>;

pub(super) fn reason<'r, 'a>(reason: &'r Reason<'a>) -> Option<&'r Cow<'a, str>> {
    get(reason).filter(|reason| !reason.is_empty())
}

/// A text, or the parts that it is made of.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Part(#[serde(borrow)] Part<'a>),
    Parts(#[serde(borrow)] Vec<Part<'a>>),
}

#[derive(Deserialize)]
pub(super) struct Part<'a> {
    #[serde(borrow)]
    text: Text<'a>,
}

impl<'a> Content<'a> {
    fn texts(&self) -> impl Iterator<Item = &Cow<'a, str>> {
        let (text, parts) = match self {
            Self::Text(text) => (Some(text), &[][..]),
            Self::Part(part) => (part.text.as_ref(), &[][..]),
            Self::Parts(parts) => (None, &parts[..]),
        };
        text.into_iter()
            .chain(parts.iter().filter_map(|part| part.text.as_ref()))
    }
}

#[derive(Deserialize)]
pub(super) struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Start {
    start: Option<ToolUse>,
}

impl Start {
    pub(super) fn calls_a_tool(&self) -> bool {
        let start = self.start.as_ref();
        start.is_some_and(|start| start.tool_use.is_some())
    }
}

#[derive(Deserialize)]
struct ToolUse {
    #[serde(rename = "toolUse")]
    tool_use: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Delta<'a> {
    #[serde(borrow)]
    pub(super) text: Text<'a>,
    #[serde(borrow)]
    stop_reason: Reason<'a>,
    // Cohere's.
    #[serde(borrow)]
    finish_reason: Reason<'a>,
    #[serde(borrow)]
    message: Member<Message<'a>>,
}

impl<'a> Delta<'a> {
    pub(super) fn reason(&self) -> Option<&Cow<'a, str>> {
        reason(&self.stop_reason).or_else(|| reason(&self.finish_reason))
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &Cow<'a, str>> {
        let message = get(&self.message).into_iter();
        self.text.iter().chain(message.flat_map(Message::texts))
    }
}

#[derive(Deserialize)]
pub(super) struct Block<'a> {
    #[serde(borrow)]
    pub(super) delta: Option<Delta<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Stop<'a> {
    #[serde(borrow, rename = "stopReason")]
    pub(super) stop_reason: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(default)]
    pub(super) index: u32,
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    delta: Option<Message<'a>>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    #[serde(borrow)]
    finish_reason: Reason<'a>,
    #[serde(borrow)]
    stop_reason: Reason<'a>,
}

impl<'a> Choice<'a> {
    pub(super) fn reason(&self) -> Option<&Cow<'a, str>> {
        reason(&self.finish_reason).or_else(|| reason(&self.stop_reason))
    }

    fn messages(&self) -> impl Iterator<Item = &Message<'a>> {
        self.delta.iter().chain(&self.message)
    }

    pub(super) fn calls_a_tool(&self) -> bool {
        self.messages()
            .any(|message| get(&message.tool_calls).is_some_and(|calls| !calls.is_empty()))
    }

    /// Under whichever name it stands first.
    pub(super) fn texts(&self) -> impl Iterator<Item = &Cow<'a, str>> {
        let said = |message: &&Message<'a>| message.content.is_some();
        let message = self.messages().find(said);
        let message = message.filter(|_| self.text.is_none());
        self.text
            .iter()
            .chain(message.into_iter().flat_map(Message::texts))
    }
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Member<Content<'a>>,
    tool_calls: Member<Vec<IgnoredAny>>,
}

impl<'a> Message<'a> {
    fn texts(&self) -> impl Iterator<Item = &Cow<'a, str>> {
        get(&self.content).into_iter().flat_map(Content::texts)
    }
}

#[derive(Deserialize)]
pub(super) struct Metrics {
    #[serde(rename = "inputTokenCount")]
    input_tokens: Option<u64>,
    #[serde(rename = "outputTokenCount")]
    output_tokens: Option<u64>,
    #[serde(default, rename = "cacheReadInputTokenCount")]
    cache_read_tokens: u64,
    #[serde(default, rename = "cacheWriteInputTokenCount")]
    cache_write_tokens: u64,
}

impl Metrics {
    /// An absent count means unknown, not zero.
    pub(super) fn usage(&self) -> Option<Usage> {
        Some(Usage {
            input_tokens: self.input_tokens?,
            output_tokens: self.output_tokens?,
            cache_read_tokens: self.cache_read_tokens,
            cache_write_tokens: self.cache_write_tokens,
        })
    }
}
