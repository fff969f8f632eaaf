//! What the chunks of `InvokeModelWithResponseStream` say under the names of each family of models.

use super::tells::{Mark, Tells};
use crate::response::{Ending, Usage};
use serde::{Deserialize, de::IgnoredAny};
use std::borrow::Cow;

type Text<'a> = Option<Cow<'a, str>>;

/// One chunk, of whatever family.
#[derive(Deserialize, Default)]
pub(super) struct Chunk<'a> {
    /// Anthropic's name of the event.
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    // Nova's events, each under its name.
    #[serde(borrow, rename = "contentBlockDelta")]
    block: Option<Block<'a>>,
    #[serde(borrow, rename = "messageStop")]
    stop: Option<Stop<'a>>,
    metadata: Option<IgnoredAny>,
    // Titan, Llama, Cohere.
    #[serde(borrow, alias = "outputText", alias = "generation")]
    text: Text<'a>,
    #[serde(borrow, alias = "completionReason", alias = "finish_reason")]
    stop_reason: Text<'a>,
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
    #[serde(borrow, alias = "message")]
    delta: Option<Message<'a>>,
    #[serde(borrow, alias = "stop_reason")]
    finish_reason: Text<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Text<'a>,
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
        let delta = self.delta.as_ref();
        let of_choices = self
            .choices
            .iter()
            .map(|choice| named(&choice.finish_reason));
        let ending = named(&self.stop_reason)
            .or_else(|| self.stop.as_ref().and_then(|stop| named(&stop.stop_reason)))
            .or_else(|| delta.and_then(|delta| named(&delta.stop_reason)))
            // Of several choices the worst ending counts: the answer is kept or not as a whole.
            .or_else(|| of_choices.flatten().max());
        let text_bytes = self.texts().map(|text| text.len() as u64).sum();
        let kind = self.kind.as_deref().unwrap_or_default();
        Tells {
            is_known: true,
            tells_its_end: self.is_of_a_known_family(),
            has_content: text_bytes > 0
                || self.block.is_some()
                || kind.starts_with("content_block_"),
            text_bytes,
            mark: self.mark(),
            ending,
            usage: self.metrics.as_ref().and_then(Metrics::usage),
        }
    }

    /// The last event is each family's own. Of one that is not known here it is the one with Bedrock's
    /// metrics.
    fn mark(&self) -> Option<Mark> {
        let is_last = if let Some(kind) = &self.kind {
            // The reason to stop comes before the end here, in `message_delta`.
            kind == "message_stop"
        } else {
            let has_stopped = self.stop.is_some() || self.stop_reason.is_some() || self.is_finished;
            // Nova's metrics come with its usage, and that is no end.
            has_stopped || (self.metrics.is_some() && self.metadata.is_none())
        };
        if is_last {
            return Some(Mark::Complete);
        }
        let open = self
            .choices
            .iter()
            .find(|choice| choice.finish_reason.is_none());
        match (open, self.choices.first()) {
            (Some(open), _) => Some(Mark::ChoiceOpen(open.index)),
            (None, Some(closed)) => Some(Mark::ChoiceComplete(closed.index)),
            (None, None) => None,
        }
    }

    fn is_of_a_known_family(&self) -> bool {
        let texts = self.kind.is_some() || self.text.is_some() || self.block.is_some();
        texts || !self.choices.is_empty() || self.mark().is_some()
    }

    fn texts(&self) -> impl Iterator<Item = &Cow<'a, str>> {
        let delta = self.delta.as_ref();
        let block = self.block.as_ref().and_then(|block| block.delta.as_ref());
        let choices = self.choices.iter().filter_map(|choice| {
            let message = choice.delta.as_ref();
            choice
                .text
                .as_ref()
                .or_else(|| message.and_then(|message| message.content.as_ref()))
        });
        [
            self.text.as_ref(),
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
