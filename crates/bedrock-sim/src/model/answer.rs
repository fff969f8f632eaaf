use fastrand::Rng;
use serde_json::Value;

use super::{
    Block, CacheTokens, DrawnText, Prompt, ScriptedAnswer, ScriptedBlock, StopReason, Text,
    TokenUsage, Tool, chain, guardrail, tokens, tool_input,
};

/// The least and the most output tokens of an answer that nothing cuts short.
const LENGTH: std::ops::RangeInclusive<u64> = 16..=200;
/// The most that a script can make of one answer.
const LONGEST: u64 = 1_000_000;
/// The least and the most tokens of reasoning ahead of an answer.
const REASONING: std::ops::RangeInclusive<u64> = 8..=40;

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
    /// The events of its stream, if a script sets them.
    pub(crate) events: Option<Vec<Value>>,
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
        events: script.events.clone(),
    };
    if let Some(blocks) = &script.content {
        for block in blocks {
            answer.add_scripted(block);
        }
        answer.set_output(maximum, script);
    } else if let Some(text) = &script.text {
        answer.say(text.clone());
        answer.set_output(maximum, script);
    } else if !answer.blocked_words.is_empty() {
        answer.say(guardrail::BLOCKED.to_owned());
        answer.stop = StopReason::GuardrailIntervened;
    } else {
        if prompt.reasons {
            answer.reason(maximum);
        }
        // A script that asks for a tool call gets one even if nothing in the request does, and one
        // that asks for another end gets none.
        let calls = script
            .stop_reason
            .is_none_or(|stop| stop == StopReason::ToolUse);
        let mut tools = if calls {
            prompt.called_tools()
        } else {
            Vec::new()
        };
        if tools.is_empty() && script.stop_reason == Some(StopReason::ToolUse) {
            tools.extend(prompt.tools.first());
        }
        let mut called = false;
        for tool in tools {
            called |= answer.call_tool(tool, maximum, &mut rng);
        }
        if !called {
            let length = script.output_tokens.unwrap_or(natural).min(LONGEST);
            answer.write_text(length, maximum, prompt, rng);
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
    fn add(&mut self, block: Block) {
        self.usage.output += block.tokens();
        self.blocks.push(block);
    }

    fn say(&mut self, text: String) {
        if !text.is_empty() {
            self.add(Block::Text(Text::Said(text)));
        }
    }

    /// The count that a script sets, in place of what was written.
    fn set_output(&mut self, maximum: u64, script: &ScriptedAnswer) {
        if let Some(tokens) = script.output_tokens {
            self.usage.output = tokens.min(maximum);
        }
    }

    fn add_scripted(&mut self, block: &ScriptedBlock) {
        match block {
            ScriptedBlock::Text(text) => {
                self.add(Block::Text(Text::Said(text.clone())));
                self.stop = StopReason::EndTurn;
            }
            ScriptedBlock::Reasoning { text, signature } => {
                let signature = signature.clone().unwrap_or_else(|| self.signature());
                let text = Text::Said(text.clone());
                self.add(Block::Reasoning { text, signature });
            }
            ScriptedBlock::RedactedReasoning(data) => {
                self.add(Block::RedactedReasoning(data.clone()));
            }
            ScriptedBlock::ToolUse {
                name,
                input,
                cut_after,
            } => {
                self.stop = StopReason::ToolUse;
                self.add_call(name, input, *cut_after);
            }
        }
    }

    /// What vouches for the next block.
    fn signature(&self) -> String {
        let part = |n| chain(self.key, n + 2 * self.blocks.len() as u64);
        let text = format!("{:016x}{:016x}", part(2), part(3));
        aws_smithy_types::base64::encode(text)
    }

    /// Thinks aloud, for half of the maximum at most.
    fn reason(&mut self, maximum: u64) {
        let mut rng = Rng::with_seed(chain(self.key, 2));
        let tokens = rng.u64(REASONING).min(maximum / 2);
        if tokens > 0 {
            let text = Text::Drawn(DrawnText::new(rng, tokens));
            let signature = self.signature();
            self.add(Block::Reasoning { text, signature });
        }
    }

    /// Calls the tool, with as much of its input as fits into the maximum; not at all if its name
    /// does not.
    fn call_tool(&mut self, tool: &Tool, maximum: u64, rng: &mut Rng) -> bool {
        let ahead = self.usage.output + tokens::TOOL_CALL + tokens::text(&tool.name);
        if ahead >= maximum {
            return false;
        }
        let input = tool_input::draw(&tool.schema, rng);
        let fits = tokens::json(&input) <= maximum - ahead;
        let cut = (!fits).then(|| usize::try_from(4 * (maximum - ahead)).unwrap_or(usize::MAX));
        self.stop = StopReason::ToolUse;
        self.add_call(&tool.name, &input, cut);
        true
    }

    fn add_call(&mut self, name: &str, input: &Value, cut_after: Option<usize>) {
        let mut json = input.to_string();
        if let Some(characters) = cut_after {
            if let Some((at, _)) = json.char_indices().nth(characters) {
                json.truncate(at);
            }
            self.stop = StopReason::MaxTokens;
        }
        let part = chain(self.key, 1 + self.blocks.len() as u64);
        self.add(Block::ToolUse {
            id: format!("{:016x}{:06x}", self.key, part & 0xff_ffff),
            name: name.to_owned(),
            input: json,
        });
    }

    /// Writes a text of `length` tokens, up to what is left of the maximum. A request with stop
    /// sequences meets one at the latest where the text would have ended.
    fn write_text(&mut self, length: u64, maximum: u64, prompt: &Prompt, rng: Rng) {
        let maximum = maximum.saturating_sub(self.usage.output);
        let mut text = DrawnText::new(rng, length.min(maximum));
        let met = prompt
            .stop_sequences
            .iter()
            .filter_map(|sequence| Some((text.find(sequence)?, sequence)))
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
        } else {
            text.end_with_a_full_stop();
        }
        if text.characters() > 0 {
            self.add(Block::Text(Text::Drawn(text)));
        }
    }

    fn stop_at(&mut self, sequence: &str) {
        self.stop = StopReason::StopSequence;
        self.stop_sequence = Some(sequence.to_owned());
    }
}
