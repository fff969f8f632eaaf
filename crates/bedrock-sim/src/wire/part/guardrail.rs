use serde_json::{Value, json};

/// Where a body says how its guardrail reads it; any family's may, if the headers name one.
pub(crate) const GUARDRAIL_CONFIG: &str = "amazon-bedrock-guardrailConfig";

/// What a guardrail says of the blocked words that it found.
pub(crate) fn assessment(found: &[String]) -> Value {
    let words: Vec<_> = found
        .iter()
        .map(|word| json!({"match": word, "action": "BLOCKED", "detected": true}))
        .collect();
    json!({"wordPolicy": {"customWords": words, "managedWordLists": []}})
}
