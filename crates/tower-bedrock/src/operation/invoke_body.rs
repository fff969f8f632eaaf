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
    #[serde(alias = "embeddings", alias = "embeddingsByType")]
    embedding: Option<IgnoredAny>,
    #[serde(borrow, rename = "amazon-bedrock-guardrailAction")]
    guardrail: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, alias = "stop_reason")]
    finish_reason: Option<Cow<'a, str>>,
}

impl Answered<'_> {
    pub(super) fn ending(&self) -> Ending {
        let intervened = self.guardrail.as_deref() == Some("INTERVENED");
        let named = |name: &Option<Cow<'_, str>>| name.as_deref().map(Ending::named);
        let choices = self.choices.iter().flatten();
        let endings = choices.map(|choice| named(&choice.finish_reason).unwrap_or(Ending::Other));
        // Of several choices the worst ending counts: the answer is kept or not as a whole.
        match named(&self.stop_reason).or_else(|| endings.max()) {
            _ if intervened => Ending::Other,
            Some(ending) => ending,
            None if self.embedding.is_some() => Ending::Complete,
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
}
