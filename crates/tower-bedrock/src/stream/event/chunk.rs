//! What the chunks of `InvokeModelWithResponseStream` say under the names of each family of models.

mod parts;

use self::parts::{Block, Choice, Delta, Kind, Metrics, Reason, Start, Stop, Text, reason};
use super::{choices::Choices, tells::Tells};
use crate::{
    maybe::{Member, get},
    response::Ending,
};
use serde::{Deserialize, de::IgnoredAny};
use std::borrow::Cow;

/// One chunk, of whatever family.
#[derive(Deserialize, Default)]
pub(super) struct Chunk<'a> {
    /// Anthropic's and Cohere's name of the event.
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    content_block: Option<Kind<'a>>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    // Nova's events, each under its name.
    #[serde(rename = "messageStart")]
    message_start: Option<IgnoredAny>,
    #[serde(rename = "contentBlockStart")]
    start: Option<Start>,
    #[serde(borrow, rename = "contentBlockDelta")]
    block: Option<Block<'a>>,
    #[serde(rename = "contentBlockStop")]
    block_stop: Option<IgnoredAny>,
    #[serde(borrow, rename = "messageStop")]
    stop: Option<Stop<'a>>,
    metadata: Option<IgnoredAny>,
    // Titan, Llama, Cohere, Claude 2, Pegasus: each name a member of its own, for a chunk may have two
    // of them.
    #[serde(borrow, rename = "outputText")]
    output_text: Text<'a>,
    #[serde(borrow)]
    generation: Text<'a>,
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    completion: Text<'a>,
    /// Anthropic has an object there.
    #[serde(borrow)]
    message: Member<Cow<'a, str>>,
    #[serde(borrow, rename = "completionReason")]
    completion_reason: Reason<'a>,
    #[serde(borrow)]
    stop_reason: Reason<'a>,
    #[serde(borrow)]
    finish_reason: Reason<'a>,
    #[serde(borrow, rename = "finishReason")]
    finish: Reason<'a>,
    is_finished: Option<bool>,
    #[serde(borrow)]
    event_type: Text<'a>,
    /// Which of several answers; Titan and Anthropic count other things with it.
    index: Member<u32>,
    // Mistral, AI21, DeepSeek, Writer, and whoever speaks as OpenAI does.
    #[serde(borrow, alias = "outputs")]
    choices: Option<Vec<Choice<'a>>>,
    /// What Bedrock itself adds to the last chunk, of every family.
    #[serde(rename = "amazon-bedrock-invocationMetrics")]
    metrics: Option<Metrics>,
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
        let text_bytes = self.texts().map(|text| text.len() as u64).sum();
        Tells {
            is_known: true,
            tells_its_end: self.is_of_a_known_family(),
            has_content: self.texts().any(|text| !text.trim().is_empty()) || self.calls_a_tool(),
            text_bytes,
            is_last: self.is_last(),
            choices: self.answers(),
            ending: self.ending(),
            usage: self.metrics.as_ref().and_then(Metrics::usage),
        }
    }

    fn ending(&self) -> Option<Ending> {
        let of_choices = self.choices().iter().filter_map(Choice::reason);
        let stop = self.stop.as_ref();
        let delta = self.delta.as_ref();
        self.reason()
            .or_else(|| stop.and_then(|stop| stop.stop_reason.as_ref()))
            .or_else(|| delta.and_then(Delta::reason))
            .map(|reason| Ending::named(reason))
            // Of several choices the worst ending counts: the answer is kept or not as a whole.
            .or_else(|| of_choices.map(|reason| Ending::named(reason)).max())
    }

    fn choices(&self) -> &[Choice<'a>] {
        self.choices.as_deref().unwrap_or_default()
    }

    fn reason(&self) -> Option<&Cow<'a, str>> {
        reason(&self.stop_reason)
            .or_else(|| reason(&self.finish_reason))
            .or_else(|| reason(&self.completion_reason))
            .or_else(|| reason(&self.finish))
    }

    fn calls_a_tool(&self) -> bool {
        let block = self.content_block.as_ref();
        let kind = block.and_then(|block| block.kind.as_deref());
        let thinks_or_writes = |kind: &str| kind == "text" || kind.contains("thinking");
        let calls = |kind: &str| kind.starts_with("tool-call");
        kind.is_some_and(|kind| !thinks_or_writes(kind))
            || self.start.as_ref().is_some_and(Start::calls_a_tool)
            || self.kind.as_deref().is_some_and(calls)
            || self.event_type.as_deref().is_some_and(calls)
            || self.choices().iter().any(Choice::calls_a_tool)
    }

    /// The last event is each family's own. Of one that is not known here it is the one with Bedrock's
    /// metrics.
    fn is_last(&self) -> bool {
        if self.is_of_anthropic() {
            // The reason to stop comes before the end here, in `message_delta`.
            return self.kind.as_deref() == Some("message_stop");
        }
        // Nova's metrics come with its usage, and that is no end.
        let is_measured = self.metrics.is_some() && self.metadata.is_none();
        let has_stopped = self.reason().is_some() || self.is_finished == Some(true);
        let is_message_end = self.stop.is_some() || self.kind.as_deref() == Some("message-end");
        is_measured || is_message_end || (has_stopped && !self.is_one_of_several())
    }

    /// Cohere's, which writes several answers to one prompt.
    fn is_one_of_several(&self) -> bool {
        self.is_finished.is_some() && get(&self.index).is_some()
    }

    fn answers(&self) -> Choices {
        let mut answers = Choices::default();
        let mut add = |index, is_closed| {
            if is_closed {
                answers.close(index);
            } else {
                answers.open(index);
            }
        };
        for choice in self.choices() {
            add(choice.index, choice.reason().is_some());
        }
        if let (Some(is_finished), Some(index)) = (self.is_finished, get(&self.index)) {
            add(*index, is_finished || self.reason().is_some());
        }
        answers
    }

    /// Others have a `type`, too.
    fn is_of_anthropic(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| {
            let begins = kind.starts_with("message_") || kind.starts_with("content_block_");
            begins || matches!(kind, "ping" | "error")
        })
    }

    fn is_of_cohere(&self) -> bool {
        let begins = |kind: &str| {
            let names = ["message-", "content-", "tool-", "citation-"];
            names.iter().any(|name| kind.starts_with(name))
        };
        self.kind.as_deref().is_some_and(begins)
            || self.is_finished.is_some()
            || self.event_type.is_some()
    }

    fn is_of_nova(&self) -> bool {
        self.message_start.is_some()
            || self.start.is_some()
            || self.block.is_some()
            || self.block_stop.is_some()
            || self.stop.is_some()
    }

    fn is_of_a_known_family(&self) -> bool {
        self.own_texts().next().is_some()
            || self.is_of_anthropic()
            || self.is_of_cohere()
            || self.is_of_nova()
            || self.choices.is_some()
            || self.is_last()
    }

    /// The text that stands in the chunk itself.
    fn own_texts(&self) -> impl Iterator<Item = &Cow<'a, str>> {
        let texts = [
            self.text.as_ref(),
            self.output_text.as_ref(),
            self.generation.as_ref(),
            self.completion.as_ref(),
            get(&self.message),
        ];
        texts.into_iter().flatten()
    }

    fn texts(&self) -> impl Iterator<Item = &Cow<'a, str>> {
        let block = self.block.as_ref().and_then(|block| block.delta.as_ref());
        let deltas = self.delta.iter().chain(block);
        self.own_texts()
            .chain(deltas.flat_map(Delta::texts))
            .chain(self.choices().iter().flat_map(Choice::texts))
    }

    /// What the chunk adds to the answer's text.
    pub(super) fn text(&self) -> String {
        self.texts().map(Cow::as_ref).collect()
    }
}

#[cfg(test)]
mod tests;
