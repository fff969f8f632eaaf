use super::super::Ending;
use crate::maybe::{Member, get};
use serde::{Deserialize, de::IgnoredAny};
use std::borrow::Cow;

/// How the answer of a body ended, by what it says itself, whichever model it is of.
///
/// An answer of a family that is not known here does not tell, and neither does one that has nothing for
/// its reader: better a call too many than half an answer.
pub(in crate::operation) fn ending(body: &[u8]) -> Ending {
    serde_json::from_slice::<Part<'_>>(body).map_or(Ending::Other, |answer| answer.as_a_whole())
}

/// What says why the model stopped: a name, by itself or in an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reason<'a> {
    Name(#[serde(borrow)] Cow<'a, str>),
    Object {
        #[serde(borrow)]
        reason: Cow<'a, str>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    One(#[serde(borrow)] Box<Part<'a>>),
    Many(#[serde(borrow)] Vec<Part<'a>>),
}

/// An answer, one of several answers, or a part of one.
///
/// Each name is a member of its own: an answer may have two names for one thing, and one of them empty.
#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow)]
    stop_reason: Member<Reason<'a>>,
    #[serde(borrow, rename = "stopReason")]
    stop_reason_of_nova: Member<Reason<'a>>,
    #[serde(borrow)]
    finish_reason: Member<Reason<'a>>,
    #[serde(borrow, rename = "finishReason")]
    finish_reason_in_camels: Member<Reason<'a>>,
    #[serde(borrow, rename = "completionReason")]
    completion_reason: Member<Reason<'a>>,

    // Several answers.
    #[serde(borrow)]
    choices: Member<Vec<Part<'a>>>,
    #[serde(borrow)]
    outputs: Member<Vec<Part<'a>>>,
    #[serde(borrow)]
    results: Member<Vec<Part<'a>>>,
    #[serde(borrow)]
    generations: Member<Vec<Part<'a>>>,
    #[serde(borrow)]
    completions: Member<Vec<Part<'a>>>,

    // What an answer is made of.
    #[serde(borrow)]
    text: Member<Content<'a>>,
    #[serde(borrow, rename = "outputText")]
    output_text: Member<Content<'a>>,
    #[serde(borrow)]
    generation: Member<Content<'a>>,
    #[serde(borrow)]
    content: Member<Content<'a>>,
    #[serde(borrow)]
    message: Member<Content<'a>>,
    #[serde(borrow)]
    output: Member<Content<'a>>,
    #[serde(borrow)]
    data: Member<Content<'a>>,
    tool_calls: Member<Vec<IgnoredAny>>,

    // What a block of a content is.
    #[serde(borrow, rename = "type")]
    kind: Member<Cow<'a, str>>,
    #[serde(rename = "toolUse")]
    tool_use: Option<IgnoredAny>,

    // What is computed, not written.
    embedding: Option<IgnoredAny>,
    embeddings: Option<IgnoredAny>,
    #[serde(rename = "embeddingsByType")]
    embeddings_by_type: Option<IgnoredAny>,
    relevance_score: Option<IgnoredAny>,
    #[serde(rename = "relevanceScore")]
    relevance_score_of_amazon: Option<IgnoredAny>,

    #[serde(borrow, rename = "amazon-bedrock-guardrailAction")]
    guardrail: Member<Cow<'a, str>>,
}

impl<'a> Part<'a> {
    fn as_a_whole(&self) -> Ending {
        let intervened = get(&self.guardrail).is_some_and(|action| action == "INTERVENED");
        match self.ending() {
            _ if intervened => Ending::Other,
            Some(ending) if self.speaks() => ending,
            // With a text beside it, which then is an error's.
            None if self.is_computed() && !self.speaks() => Ending::Complete,
            _ => Ending::Other,
        }
    }

    /// As it names it. Of several the worst counts: the answer is kept or not as a whole.
    fn ending(&self) -> Option<Ending> {
        let reasons = [
            &self.stop_reason,
            &self.stop_reason_of_nova,
            &self.finish_reason,
            &self.finish_reason_in_camels,
            &self.completion_reason,
        ];
        let own = reasons
            .into_iter()
            .filter_map(get)
            .map(|reason| match reason {
                Reason::Name(name) | Reason::Object { reason: name } => Ending::named(name),
            });
        let own = own.max();
        let each = || self.answers().map(Self::ending);
        // One that does not tell, among others that do, may be half an answer.
        let told = own.or_else(|| each().flatten().max())?;
        let silent = own.unwrap_or(Ending::Other);
        let all = each().map(|ending| ending.unwrap_or(silent));
        Some(all.fold(told, Ord::max))
    }

    fn answers(&self) -> impl Iterator<Item = &Part<'a>> {
        let lists = [
            &self.choices,
            &self.outputs,
            &self.results,
            &self.generations,
            &self.completions,
        ];
        lists.into_iter().filter_map(get).flatten()
    }

    /// Whether it has anything for its reader: a text with more in it than spaces, or the call of a tool.
    /// What the model thought is for nobody.
    fn speaks(&self) -> bool {
        let contents = [
            &self.text,
            &self.output_text,
            &self.generation,
            &self.content,
            &self.message,
            &self.output,
            &self.data,
        ];
        let mut answers = self.answers().peekable();
        contents.into_iter().filter_map(get).any(Content::speaks)
            || get(&self.tool_calls).is_some_and(|calls| !calls.is_empty())
            || (answers.peek().is_some() && answers.all(Self::speaks))
    }

    /// The same of a block in a list, which may be of a kind without text.
    fn is_spoken(&self) -> bool {
        match get(&self.kind).map(Cow::as_ref) {
            Some("thinking" | "redacted_thinking") => false,
            None | Some("text") => self.tool_use.is_some() || self.speaks(),
            Some(_) => true,
        }
    }

    /// Whether it is an embedding or a ranking.
    fn is_computed(&self) -> bool {
        let members = [
            &self.embedding,
            &self.embeddings,
            &self.embeddings_by_type,
            &self.relevance_score,
            &self.relevance_score_of_amazon,
        ];
        let of_data = match get(&self.data) {
            Some(Content::Many(items)) => items.as_slice(),
            _ => &[],
        };
        let mut parts = self.answers().chain(of_data).peekable();
        members.into_iter().any(Option::is_some)
            || (parts.peek().is_some() && parts.all(Self::is_computed))
    }
}

impl Content<'_> {
    fn speaks(&self) -> bool {
        match self {
            Self::Text(text) => !text.trim().is_empty(),
            Self::One(part) => part.speaks(),
            Self::Many(parts) => parts.iter().any(Part::is_spoken),
        }
    }
}

#[cfg(test)]
mod tests;
