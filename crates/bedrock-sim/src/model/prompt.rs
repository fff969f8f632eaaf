use serde_json::Value;

use super::{digest, guardrail, tokens};

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
    pub(crate) one_tool_at_a_time: bool,
    /// Whether the model is to think aloud first.
    pub(crate) reasons: bool,
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

    /// Adds a tool; `content` is what identifies it to the prompt cache.
    pub(crate) fn add_tool(&mut self, tool: Tool, description: &str, content: &Value) {
        let texts = tokens::text(&tool.name) + tokens::text(description);
        self.add_piece(tokens::TOOL + texts + tokens::json(&tool.schema), content);
        self.tools.push(tool);
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

    /// Begins a message of the user's, which is the last one from now on.
    pub(crate) fn begin_user_message(&mut self) {
        let last = std::mem::take(&mut self.last_user_text);
        self.user_text.push_str(&last);
    }

    pub(crate) fn add_user_text(&mut self, text: &str) {
        self.last_user_text.push_str(text);
        self.last_user_text.push('\n');
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
        // Marked text narrows the guardrail to itself; without a mark it sees the whole conversation
        // of the user, but a system prompt only where that is marked.
        let seen = match &self.guarded_text {
            Some(marked) => [marked, &*self.guarded_system_text, ""],
            None => [
                &*self.user_text,
                &*self.last_user_text,
                &*self.guarded_system_text,
            ],
        };
        guardrail::blocked_words(&seen.concat(), words)
    }

    /// The tools that this request makes the model call.
    ///
    /// A choice of `auto` calls those whose names are in the last user message, in the order in which
    /// the request lists them; only the first where the request wants no more than one at a time.
    pub(crate) fn called_tools(&self) -> Vec<&Tool> {
        let is_named = |tool: &&Tool| self.last_user_text.contains(&tool.name);
        let is_chosen =
            |tool: &&Tool| matches!(&self.choice, ToolChoice::Named(name) if tool.name == *name);
        match &self.choice {
            ToolChoice::Never => Vec::new(),
            ToolChoice::Any => self.tools.first().into_iter().collect(),
            ToolChoice::Named(_) => self.tools.iter().find(is_chosen).into_iter().collect(),
            ToolChoice::Auto => {
                let most = if self.one_tool_at_a_time {
                    1
                } else {
                    usize::MAX
                };
                self.tools.iter().filter(is_named).take(most).collect()
            }
        }
    }
}
