//! What the bodies of `InvokeModel` say under the names of each family of models.

use super::Ending;
use serde::{Deserialize, de::IgnoredAny};
use std::borrow::Cow;

/// The temperature that a request asks for.
#[derive(Deserialize)]
pub(super) struct Asked {
    temperature: Option<f64>,
    #[serde(alias = "inferenceConfig", alias = "textGenerationConfig")]
    inference: Option<Inference>,
}

#[derive(Deserialize)]
struct Inference {
    temperature: Option<f64>,
}

impl Asked {
    pub(super) fn temperature(&self) -> Option<f64> {
        let inference = self.inference.as_ref();
        self.temperature
            .or_else(|| inference.and_then(|inference| inference.temperature))
    }
}

/// Why the model stopped.
///
/// A family that is not known here does not tell, and its answers are not kept: better a call too
/// many than half an answer.
#[derive(Deserialize)]
pub(super) struct Answered<'a> {
    #[serde(borrow, alias = "stopReason", alias = "finish_reason")]
    stop_reason: Option<Cow<'a, str>>,
    #[serde(borrow, alias = "outputs")]
    choices: Option<Vec<Choice<'a>>>,
    // Not aliases of one member: Titan answers with two of them.
    embedding: Option<IgnoredAny>,
    embeddings: Option<IgnoredAny>,
    #[serde(rename = "embeddingsByType")]
    embeddings_by_type: Option<IgnoredAny>,
    #[serde(borrow, rename = "amazon-bedrock-guardrailAction")]
    guardrail: Option<Cow<'a, str>>,
}

/// What of an answer shows that it is no text: embeddings, images or a ranking.
#[derive(Deserialize)]
pub(super) struct Wordless {
    embedding: Option<IgnoredAny>,
    embeddings: Option<IgnoredAny>,
    #[serde(rename = "embeddingsByType")]
    embeddings_by_type: Option<IgnoredAny>,
    images: Option<IgnoredAny>,
    artifacts: Option<IgnoredAny>,
    /// Some that write text have lists of these names too, of other things.
    #[serde(default)]
    results: Vec<Ranked>,
    #[serde(default)]
    data: Vec<Embedded>,
}

impl Wordless {
    pub(super) fn is(&self) -> bool {
        let members = [
            &self.embedding,
            &self.embeddings,
            &self.embeddings_by_type,
            &self.images,
            &self.artifacts,
        ];
        let ranked = self.results.iter().map(|one| &one.relevance_score);
        let embedded = self.data.iter().map(|one| &one.embedding);
        let mut all = members.into_iter().chain(ranked).chain(embedded);
        all.any(Option::is_some)
    }
}

#[derive(Deserialize)]
struct Ranked {
    #[serde(alias = "relevanceScore")]
    relevance_score: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Embedded {
    embedding: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, alias = "stop_reason")]
    finish_reason: Option<Cow<'a, str>>,
}

impl Answered<'_> {
    pub(super) fn ending(&self) -> Ending {
        let intervened = self.guardrail.as_deref() == Some("INTERVENED");
        let embeddings = [&self.embedding, &self.embeddings, &self.embeddings_by_type];
        let embeds = embeddings.into_iter().any(Option::is_some);
        let named = |name: &Option<Cow<'_, str>>| name.as_deref().map(Ending::named);
        let choices = self.choices.iter().flatten();
        let endings = choices.map(|choice| named(&choice.finish_reason).unwrap_or(Ending::Other));
        // Of several choices the worst ending counts: the answer is kept or not as a whole.
        match named(&self.stop_reason).or_else(|| endings.max()) {
            _ if intervened => Ending::Other,
            Some(ending) => ending,
            None if embeds => Ending::Complete,
            None => Ending::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_tells_how_its_answer_ended() {
        for (body, ending) in [
            (
                r#"{"stop_reason":"end_turn","content":[]}"#,
                Ending::Complete,
            ),
            (r#"{"stopReason":"max_tokens"}"#, Ending::Truncated),
            (r#"{"stop_reason":"tool_use"}"#, Ending::ToolUse),
            (r#"{"stop_reason":"refusal"}"#, Ending::Other),
            (
                r#"{"generation":"hi","stop_reason":"stop"}"#,
                Ending::Complete,
            ),
            (
                r#"{"outputs":[{"text":"hi","stop_reason":"length"}]}"#,
                Ending::Truncated,
            ),
            (
                r#"{"choices":[{"finish_reason":"stop"}]}"#,
                Ending::Complete,
            ),
            (
                r#"{"choices":[{"finish_reason":"stop"},{"finish_reason":"length"}]}"#,
                Ending::Truncated,
            ),
            (r#"{"choices":[{"finish_reason":null}]}"#, Ending::Other),
            (
                r#"{"text":"hi","finish_reason":"COMPLETE"}"#,
                Ending::Complete,
            ),
            (
                r#"{"embedding":[0.1],"embeddingsByType":{"float":[0.1]},"inputTextTokenCount":2}"#,
                Ending::Complete,
            ),
            (
                r#"{"embedding":[0.1,0.2],"inputTextTokenCount":2}"#,
                Ending::Complete,
            ),
            (r#"{"embeddings":{"float":[[0.1]]}}"#, Ending::Complete),
            (
                r#"{"stop_reason":"end_turn","amazon-bedrock-guardrailAction":"INTERVENED"}"#,
                Ending::Other,
            ),
            (
                r#"{"stop_reason":"end_turn","amazon-bedrock-guardrailAction":"NONE"}"#,
                Ending::Complete,
            ),
            (r#"{"images":["…"]}"#, Ending::Other),
        ] {
            let answered: Answered<'_> = serde_json::from_str(body).unwrap();
            assert_eq!(answered.ending(), ending, "{body}");
        }
    }

    #[test]
    fn each_family_names_its_temperature() {
        for (body, temperature) in [
            (r#"{"temperature":0,"messages":[]}"#, Some(0.0)),
            (r#"{"inferenceConfig":{"temperature":0.5}}"#, Some(0.5)),
            (r#"{"textGenerationConfig":{"temperature":1}}"#, Some(1.0)),
            (r#"{"messages":[]}"#, None),
        ] {
            let asked: Asked = serde_json::from_str(body).unwrap();
            assert_eq!(asked.temperature(), temperature, "{body}");
        }
    }

    #[test]
    fn embeddings_images_and_rankings_are_no_text() {
        for (body, wordless) in [
            (r#"{"embedding":[0.1],"embeddingsByType":{}}"#, true),
            (r#"{"embeddings":[[0.1]],"id":"1"}"#, true),
            (
                r#"{"embeddings":[{"embeddingType":"TEXT","embedding":[1]}]}"#,
                true,
            ),
            (r#"{"images":["AAAA"],"error":null}"#, true),
            (r#"{"artifacts":[{"base64":"AAAA"}]}"#, true),
            (r#"{"results":[{"index":0,"relevance_score":0.9}]}"#, true),
            (r#"{"results":[{"index":0,"relevanceScore":0.9}]}"#, true),
            (r#"{"data":[{"embedding":[0.1],"startSec":0}]}"#, true),
            (r#"{"results":[{"tokenCount":2,"outputText":"hi"}]}"#, false),
            (r#"{"message":"a film","finishReason":"stop"}"#, false),
            (r#"{"content":[]}"#, false),
        ] {
            let read: Wordless = serde_json::from_str(body).unwrap();
            assert_eq!(read.is(), wordless, "{body}");
        }
    }
}
