use serde_json::Value;

use crate::wire::apply_guardrail;

/// How many cache points one request may have.
const MOST_CACHE_POINTS: usize = 4;

/// What every wire format's request comes down to.
///
/// Deliberately without `Debug`: prompts never reach a log.
#[derive(Default)]
pub(crate) struct Prompt {
    /// Tools, system prompts and messages in the order the model reads them.
    pub(crate) items: Vec<Item>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) choice: ToolChoice,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) stop_sequences: Vec<String>,
    /// The text of the user's messages, the last one's apart.
    pub(crate) user_text: String,
    pub(crate) last_user_text: String,
    /// The text marked for the guardrail in messages; where there is some, it looks at no other.
    pub(crate) guarded_text: Option<String>,
    /// The text marked for the guardrail in system prompts, of which it sees nothing else.
    pub(crate) guarded_system_text: String,
    /// Whether a guardrail is asked for.
    pub(crate) guarded: bool,
}

pub(crate) enum Item {
    Piece { tokens: u64, digest: u64 },
    CachePoint { ttl_seconds: u64 },
}

pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) schema: Value,
}

#[derive(Default)]
pub(crate) enum ToolChoice {
    #[default]
    Auto,
    Never,
    Any,
    Named(String),
}

impl Prompt {
    pub(crate) fn add_piece(&mut self, tokens: u64, content: &Value) {
        self.items.push(Item::Piece {
            tokens,
            digest: digest(content),
        });
    }

    /// All input tokens, whether they will be cached or not.
    pub(crate) fn tokens(&self) -> u64 {
        self.items
            .iter()
            .map(|item| match item {
                Item::Piece { tokens, .. } => *tokens,
                Item::CachePoint { .. } => 0,
            })
            .sum()
    }

    /// Marks a message's text for the guardrail.
    pub(crate) fn mark_for_guardrail(&mut self, text: &str) {
        let marked = self.guarded_text.get_or_insert_default();
        marked.push_str(text);
        marked.push('\n');
    }

    /// What a model says to more cache points than it takes.
    pub(crate) fn surplus_cache_points(&self) -> Option<String> {
        let is_point = |item: &&Item| matches!(item, Item::CachePoint { .. });
        let points = self.items.iter().filter(is_point).count();
        (points > MOST_CACHE_POINTS).then(|| {
            format!(
                "A maximum of {MOST_CACHE_POINTS} blocks with cache_control may be provided. Found \
                 {points}."
            )
        })
    }

    /// The words for which a guardrail blocks this request, if it asks for one.
    pub(crate) fn blocked_words(&self, words: &[String]) -> Vec<String> {
        if !self.guarded || words.is_empty() {
            return Vec::new();
        }
        let seen = match &self.guarded_text {
            Some(marked) => [marked, &*self.guarded_system_text, ""],
            None => [
                &*self.user_text,
                &*self.last_user_text,
                &*self.guarded_system_text,
            ],
        };
        let text = seen.concat();
        apply_guardrail::blocked_words(&text, words)
            .cloned()
            .collect()
    }

    /// The tool that this request makes the model call, if any.
    ///
    /// A choice of `auto` calls the first tool whose name is in the last user message.
    pub(crate) fn called_tool(&self) -> Option<&Tool> {
        match &self.choice {
            ToolChoice::Never => None,
            ToolChoice::Any => self.tools.first(),
            ToolChoice::Named(name) => self.tools.iter().find(|tool| tool.name == *name),
            ToolChoice::Auto => self
                .tools
                .iter()
                .find(|tool| self.last_user_text.contains(&tool.name)),
        }
    }
}

/// A hash of a JSON value that is the same in every process and for every order of keys.
pub(crate) fn digest(value: &Value) -> u64 {
    let mut hash = OFFSET;
    absorb(&mut hash, value);
    hash
}

/// Chains a further part onto a digest.
pub(crate) fn chain(digest: u64, part: u64) -> u64 {
    let mut hash = digest;
    bytes(&mut hash, &part.to_le_bytes());
    hash
}

pub(crate) fn digest_text(text: &str) -> u64 {
    let mut hash = OFFSET;
    bytes(&mut hash, text.as_bytes());
    hash
}

// FNV-1a: short, fixed for ever, and good enough where nobody gains from a collision.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

fn bytes(hash: &mut u64, bytes: &[u8]) {
    for byte in bytes {
        *hash = (*hash ^ u64::from(*byte)).wrapping_mul(PRIME);
    }
}

fn absorb(hash: &mut u64, value: &Value) {
    match value {
        Value::Array(items) => {
            bytes(hash, b"[");
            for item in items {
                absorb(hash, item);
                bytes(hash, b",");
            }
            bytes(hash, b"]");
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(key, _)| *key);
            bytes(hash, b"{");
            for (key, value) in members {
                bytes(hash, &(key.len() as u64).to_le_bytes());
                bytes(hash, key.as_bytes());
                absorb(hash, value);
            }
            bytes(hash, b"}");
        }
        Value::String(text) => {
            bytes(hash, b"\"");
            bytes(hash, &(text.len() as u64).to_le_bytes());
            bytes(hash, text.as_bytes());
        }
        plain => bytes(hash, plain.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::digest;

    #[test]
    fn a_digest_does_not_depend_on_the_order_of_keys() {
        let one: serde_json::Value =
            serde_json::from_str(r#"{"a": {"x": 1, "y": [2]}, "b": 3}"#).unwrap();
        let two: serde_json::Value =
            serde_json::from_str(r#"{"b": 3, "a": {"y": [2], "x": 1}}"#).unwrap();
        assert_eq!(digest(&one), digest(&two));
        assert_ne!(
            digest(&one),
            digest(&json!({"a": {"x": 1, "y": [2]}, "b": "3"}))
        );
        assert_ne!(digest(&json!([["a"], "b"])), digest(&json!([["a", "b"]])));
    }
}
