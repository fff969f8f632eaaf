//! Where each vendor's bodies say how much the model may write.

use crate::model_id::{NO_TEXT, PrefixTable};
use std::sync::LazyLock;

/// The names of nested members that lead to a value, outermost first.
pub(super) type Path = &'static [&'static str];

/// What the body format of a model family is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// The limit of output tokens is at the first of these paths that is there.
    Text(&'static [Path]),
    /// Embeddings, rankings, images: no output token is charged.
    NoOutput,
}

/// The family of a model. One that is not listed, or that the id does not tell, may have its limit
/// at any path that is known.
pub(super) fn family(model: &str) -> Family {
    static TABLE: LazyLock<PrefixTable<Family>> = LazyLock::new(|| {
        let mut table = PrefixTable::new(FAMILIES);
        for &prefix in NO_TEXT {
            table.set(prefix.into(), Family::NoOutput);
        }
        table
    });
    TABLE.get(model).unwrap_or(ANY)
}

// By what is commonly known of each family's inference parameters, 2026-11; not each path was looked
// up in the Bedrock user guide. A wrong path reserves the model's maximum.
const FAMILIES: &[(&str, Family)] = &[
    ("ai21.", Family::Text(&[MAX_TOKENS, &["maxTokens"]])),
    ("amazon.nova-", NOVA),
    ("amazon.titan-text", TITAN),
    ("amazon.titan-tg1", TITAN),
    (
        "anthropic.",
        Family::Text(&[MAX_TOKENS, &["max_tokens_to_sample"]]),
    ),
    ("cohere.command", Family::Text(&[MAX_TOKENS])),
    ("deepseek.", CHAT),
    ("google.", CHAT),
    ("meta.", Family::Text(&[&["max_gen_len"]])),
    ("minimax.", CHAT),
    ("mistral.", CHAT),
    ("moonshot", CHAT),
    ("nvidia.", CHAT),
    ("openai.", CHAT),
    ("qwen.", CHAT),
    ("twelvelabs.pegasus", Family::Text(&[MAX_OUTPUT_TOKENS])),
    ("writer.", CHAT),
    ("xai.", CHAT),
    ("zai.", CHAT),
];

const MAX_TOKENS: Path = &["max_tokens"];
const MAX_OUTPUT_TOKENS: Path = &["maxOutputTokens"];
/// The `OpenAI` chat format, which many speak.
const CHAT: Family = Family::Text(&[&["max_completion_tokens"], MAX_TOKENS]);
const NOVA: Family = Family::Text(&[
    &["inferenceConfig", "maxTokens"],
    &["inferenceConfig", "max_new_tokens"],
]);
const TITAN: Family = Family::Text(&[&["textGenerationConfig", "maxTokenCount"]]);
const ANY: Family = Family::Text(&[
    &["max_completion_tokens"],
    MAX_TOKENS,
    &["max_tokens_to_sample"],
    &["max_gen_len"],
    &["maxTokens"],
    MAX_OUTPUT_TOKENS,
    &["inferenceConfig", "maxTokens"],
    &["inferenceConfig", "max_new_tokens"],
    &["textGenerationConfig", "maxTokenCount"],
]);
