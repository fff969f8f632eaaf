//! What the chunks of `InvokeModelWithResponseStream` say under the names of each family of models.

use super::tells::{Mark, Tells};
use crate::{
    maybe::{Member, get},
    response::{Ending, Usage},
};
use serde::{Deserialize, de::IgnoredAny};
use std::borrow::Cow;

type Text<'a> = Option<Cow<'a, str>>;
/// Some have the number of a token there.
type Reason<'a> = Member<Cow<'a, str>>;

/// One chunk, of whatever family.
#[derive(Deserialize, Default)]
pub(super) struct Chunk<'a> {
    /// Anthropic's name of the event.
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    content_block: Option<Kind<'a>>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    // Nova's events, each under its name.
    #[serde(rename = "contentBlockStart")]
    start: Option<Start>,
    #[serde(borrow, rename = "contentBlockDelta")]
    block: Option<Block<'a>>,
    #[serde(borrow, rename = "messageStop")]
    stop: Option<Stop<'a>>,
    metadata: Option<IgnoredAny>,
    // Titan, Llama, Cohere: each name a member of its own, for a chunk may have two of them.
    #[serde(borrow, rename = "outputText")]
    output_text: Text<'a>,
    #[serde(borrow)]
    generation: Text<'a>,
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow, rename = "completionReason")]
    completion_reason: Text<'a>,
    #[serde(borrow)]
    stop_reason: Reason<'a>,
    #[serde(borrow)]
    finish_reason: Reason<'a>,
    #[serde(default)]
    is_finished: bool,
    // Mistral, AI21, DeepSeek, and whoever speaks as OpenAI does.
    #[serde(borrow, default, alias = "outputs")]
    choices: Vec<Choice<'a>>,
    /// What Bedrock itself adds to the last chunk, of every family.
    #[serde(rename = "amazon-bedrock-invocationMetrics")]
    metrics: Option<Metrics>,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
}

#[derive(Deserialize)]
struct Start {
    start: Option<ToolUse>,
}

#[derive(Deserialize)]
struct ToolUse {
    #[serde(rename = "toolUse")]
    tool_use: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    stop_reason: Text<'a>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
}

#[derive(Deserialize)]
struct Stop<'a> {
    #[serde(borrow, rename = "stopReason")]
    stop_reason: Text<'a>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: u32,
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

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Text<'a>,
    tool_calls: Member<Vec<IgnoredAny>>,
}

impl<'a> Choice<'a> {
    fn reason(&self) -> Option<&Cow<'a, str>> {
        get(&self.finish_reason).or_else(|| get(&self.stop_reason))
    }

    fn messages(&self) -> impl Iterator<Item = &Message<'a>> {
        self.delta.iter().chain(&self.message)
    }

    fn calls_a_tool(&self) -> bool {
        self.messages()
            .any(|message| get(&message.tool_calls).is_some_and(|calls| !calls.is_empty()))
    }
}

#[derive(Deserialize)]
struct Metrics {
    #[serde(rename = "inputTokenCount")]
    input_tokens: Option<u64>,
    #[serde(rename = "outputTokenCount")]
    output_tokens: Option<u64>,
    #[serde(default, rename = "cacheReadInputTokenCount")]
    cache_read_tokens: u64,
    #[serde(default, rename = "cacheWriteInputTokenCount")]
    cache_write_tokens: u64,
}

/// What a chunk of any form may have.
#[derive(Deserialize)]
struct OfBedrock {
    #[serde(rename = "amazon-bedrock-invocationMetrics")]
    metrics: Option<Metrics>,
}

impl<'a> Chunk<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        if let Ok(chunk) = serde_json::from_slice(bytes) {
            return Some(chunk);
        }
        // A family that is not known here, and has other things under one of these names.
        let OfBedrock { metrics } = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            metrics,
            ..Self::default()
        })
    }

    pub(super) fn tells(&self) -> Tells {
        let named = |reason: &Text<'_>| reason.as_deref().map(Ending::named);
        let reason = self.reason();
        let delta = self.delta.as_ref();
        let of_choices = self
            .choices
            .iter()
            .map(|choice| choice.reason().map(|reason| Ending::named(reason)));
        let ending = reason
            .map(|reason| Ending::named(reason))
            .or_else(|| self.stop.as_ref().and_then(|stop| named(&stop.stop_reason)))
            .or_else(|| delta.and_then(|delta| named(&delta.stop_reason)))
            // Of several choices the worst ending counts: the answer is kept or not as a whole.
            .or_else(|| of_choices.flatten().max());
        let text_bytes = self.texts().map(|text| text.len() as u64).sum();
        Tells {
            is_known: true,
            tells_its_end: self.is_of_a_known_family(),
            has_content: self.texts().any(|text| !text.trim().is_empty()) || self.calls_a_tool(),
            text_bytes,
            mark: self.mark(),
            ending,
            usage: self.metrics.as_ref().and_then(Metrics::usage),
        }
    }

    fn reason(&self) -> Option<&Cow<'a, str>> {
        get(&self.stop_reason)
            .or_else(|| get(&self.finish_reason))
            .or(self.completion_reason.as_ref())
    }

    fn calls_a_tool(&self) -> bool {
        let block = self.content_block.as_ref();
        let kind = block.and_then(|block| block.kind.as_deref());
        let thinks_or_writes = |kind: &str| kind == "text" || kind.contains("thinking");
        let start = self.start.as_ref().and_then(|start| start.start.as_ref());
        kind.is_some_and(|kind| !thinks_or_writes(kind))
            || start.is_some_and(|start| start.tool_use.is_some())
            || self.choices.iter().any(Choice::calls_a_tool)
    }

    /// The last event is each family's own. Of one that is not known here it is the one with Bedrock's
    /// metrics.
    fn mark(&self) -> Option<Mark> {
        let is_last = if self.is_of_anthropic() {
            // The reason to stop comes before the end here, in `message_delta`.
            self.kind.as_deref() == Some("message_stop")
        } else {
            let has_stopped = self.stop.is_some() || self.reason().is_some() || self.is_finished;
            // Nova's metrics come with its usage, and that is no end.
            has_stopped || (self.metrics.is_some() && self.metadata.is_none())
        };
        if is_last {
            return Some(Mark::Complete);
        }
        let open = self.choices.iter().find(|choice| choice.reason().is_none());
        match (open, self.choices.first()) {
            (Some(open), _) => Some(Mark::ChoiceOpen(open.index)),
            (None, Some(closed)) => Some(Mark::ChoiceComplete(closed.index)),
            (None, None) => None,
        }
    }

    /// Others have a `type`, too.
    fn is_of_anthropic(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| {
            let begins = kind.starts_with("message_") || kind.starts_with("content_block_");
            begins || matches!(kind, "ping" | "error")
        })
    }

    fn is_of_a_known_family(&self) -> bool {
        let texts = [&self.text, &self.output_text, &self.generation];
        let writes = texts.into_iter().any(Option::is_some);
        writes
            || self.is_of_anthropic()
            || self.block.is_some()
            || self.start.is_some()
            || !self.choices.is_empty()
            || self.mark().is_some()
    }

    fn texts(&self) -> impl Iterator<Item = &Cow<'a, str>> {
        let delta = self.delta.as_ref();
        let block = self.block.as_ref().and_then(|block| block.delta.as_ref());
        let choices = self.choices.iter().filter_map(|choice| {
            let mut messages = choice.messages();
            let text = choice.text.as_ref();
            text.or_else(|| messages.find_map(|message| message.content.as_ref()))
        });
        [
            self.text.as_ref(),
            self.output_text.as_ref(),
            self.generation.as_ref(),
            delta.and_then(|delta| delta.text.as_ref()),
            block.and_then(|delta| delta.text.as_ref()),
        ]
        .into_iter()
        .flatten()
        .chain(choices)
    }

    /// What the chunk adds to the answer's text.
    pub(super) fn text(&self) -> String {
        self.texts().map(Cow::as_ref).collect()
    }
}

impl Metrics {
    /// An absent count means unknown, not zero.
    fn usage(&self) -> Option<Usage> {
        Some(Usage {
            input_tokens: self.input_tokens?,
            output_tokens: self.output_tokens?,
            cache_read_tokens: self.cache_read_tokens,
            cache_write_tokens: self.cache_write_tokens,
        })
    }
}

#[cfg(test)]
mod tests;
