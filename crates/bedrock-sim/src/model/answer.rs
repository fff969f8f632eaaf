use fastrand::Rng;
use serde_json::Value;

use super::{
    CacheTokens, Prompt, ScriptedAnswer, StopReason, TokenUsage, Tool, chain, guardrail, tokens,
    tool_input, words::WORDS,
};

/// The least and the most output tokens of an answer that nothing cuts short.
const LENGTH: std::ops::RangeInclusive<u64> = 16..=200;
/// The most that a script can make of one answer.
const LONGEST: u64 = 1_000_000;

/// What the model says to a request, before any wire format.
pub(crate) struct Answer {
    /// Identifies the answer; the same for the same seed and request.
    pub(crate) key: u64,
    pub(crate) blocks: Vec<Block>,
    pub(crate) stop: StopReason,
    pub(crate) stop_sequence: Option<String>,
    /// The words for which the guardrail spoke in the model's place.
    pub(crate) blocked_words: Vec<String>,
    pub(crate) usage: TokenUsage,
}

pub(crate) enum Block {
    Text(String),
    ToolUse {
        id: String,
        name: String,
        input: Value,
    },
}

/// Draws the answer from the key and the request, but for what the script sets.
pub(crate) fn draw(
    key: u64,
    prompt: &Prompt,
    maximum: u64,
    cache: CacheTokens,
    blocked_words: Vec<String>,
    script: &ScriptedAnswer,
) -> Answer {
    let mut rng = Rng::with_seed(chain(key, 0));
    // Drawn even where it is not needed, so that a script does not move what is drawn after it.
    let natural = rng.u64(LENGTH);
    let cache = scripted_cache(prompt, cache, script);
    let mut answer = Answer {
        key,
        blocks: Vec::new(),
        stop: StopReason::EndTurn,
        stop_sequence: None,
        blocked_words,
        usage: TokenUsage {
            input: prompt.tokens() - cache.read - cache.write,
            output: 0,
            cache,
        },
    };
    if let Some(text) = &script.text {
        answer.say(text.clone());
        if let Some(tokens) = script.output_tokens {
            answer.usage.output = tokens.min(maximum);
        }
    } else if !answer.blocked_words.is_empty() {
        answer.say(guardrail::BLOCKED.to_owned());
        answer.stop = StopReason::GuardrailIntervened;
    } else {
        // A script that asks for a tool call gets one even if nothing in the request does, and one
        // that asks for another end gets none.
        let calls = script
            .stop_reason
            .is_none_or(|stop| stop == StopReason::ToolUse);
        let tool = match prompt.called_tool() {
            None if script.stop_reason == Some(StopReason::ToolUse) => prompt.tools.first(),
            tool => tool,
        };
        let called = tool.is_some_and(|tool| calls && answer.call_tool(tool, maximum, &mut rng));
        if !called {
            let length = script.output_tokens.unwrap_or(natural).min(LONGEST);
            answer.write_text(length, maximum, prompt, &mut rng);
        }
    }
    answer.stop = script.stop_reason.unwrap_or(answer.stop);
    answer
}

/// What the script says of the prompt cache, or else what the cache did.
fn scripted_cache(prompt: &Prompt, drawn: CacheTokens, script: &ScriptedAnswer) -> CacheTokens {
    if script.cache_read_tokens.is_none() && script.cache_write_tokens.is_none() {
        return drawn;
    }
    let total = prompt.tokens();
    let read = script.cache_read_tokens.unwrap_or(0).min(total);
    let write = script.cache_write_tokens.unwrap_or(0).min(total - read);
    CacheTokens { read, write }
}

impl Answer {
    fn say(&mut self, text: String) {
        self.usage.output = tokens::text(&text);
        if !text.is_empty() {
            self.blocks.push(Block::Text(text));
        }
    }

    /// Calls the tool, unless the call does not fit into the maximum.
    fn call_tool(&mut self, tool: &Tool, maximum: u64, rng: &mut Rng) -> bool {
        let input = tool_input::draw(&tool.schema, rng);
        let output = tokens::tool_call(&tool.name, &input);
        // Half a call has no usable input, so text is written instead.
        if output > maximum {
            return false;
        }
        self.blocks.push(Block::ToolUse {
            id: format!("{:016x}{:06x}", self.key, chain(self.key, 1) & 0xff_ffff),
            name: tool.name.clone(),
            input,
        });
        self.usage.output = output;
        self.stop = StopReason::ToolUse;
        true
    }

    /// Writes a text of `length` tokens, up to the maximum. A request with stop sequences meets one
    /// at the latest where the text would have ended.
    fn write_text(&mut self, length: u64, maximum: u64, prompt: &Prompt, rng: &mut Rng) {
        let mut text = String::new();
        for at in 0..length.min(maximum) {
            let word = rng.choice(WORDS).copied().unwrap_or("the");
            if at == 0 {
                text.push(word.as_bytes()[0].to_ascii_uppercase() as char);
                text.push_str(&word[1..]);
            } else {
                text.push(' ');
                text.push_str(word);
            }
        }
        let met = prompt
            .stop_sequences
            .iter()
            .filter_map(|sequence| Some((text.find(sequence.as_str())?, sequence)))
            // The one that comes first in the text, not in the list.
            .min_by_key(|(at, _)| *at);
        if let Some((at, sequence)) = met {
            text.truncate(at);
            self.stop_at(sequence);
        } else if length > maximum {
            self.stop = StopReason::MaxTokens;
        } else if let Some(sequence) = prompt.stop_sequences.first() {
            // Made-up words rarely hold what the caller waits for: a stop at the end lets its code
            // for stops be tested all the same.
            self.stop_at(sequence);
        } else if !text.is_empty() {
            text.push('.');
        }
        self.say(text);
    }

    fn stop_at(&mut self, sequence: &str) {
        self.stop = StopReason::StopSequence;
        self.stop_sequence = Some(sequence.to_owned());
    }
}
