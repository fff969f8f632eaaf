use fastrand::Rng;
use serde_json::Value;

use crate::{
    Fault, StopReason,
    model::{
        prompt::{Prompt, Tool, chain},
        prompt_cache::CacheTokens,
        tokens, tool_input as schema,
    },
};

/// The least and the most output tokens of an answer that nothing cuts short.
const LENGTH: std::ops::RangeInclusive<u64> = 16..=200;
/// The most that a script can make of one answer.
const LONGEST: u64 = 1_000_000;
/// How many output tokens one event of a stream carries.
const TOKENS_PER_EVENT: usize = 4;
const BLOCKED: &str = "Sorry, the model cannot answer this question.";

/// With a space each of them is exactly one token by the estimate.
pub(crate) const WORDS: &[&str] = &[
    "the", "and", "sea", "was", "red", "old", "oak", "for", "sun", "had", "not", "set", "far",
    "off", "one", "day", "may", "see", "how", "big", "sky", "can", "get", "its", "own", "way",
    "low", "fog", "hid", "all", "her", "his", "map", "led", "out", "two", "new", "era", "yet",
    "few", "ask", "why", "men", "dig", "dry", "mud", "fox", "ran", "hid", "ice", "ten", "ago",
];

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

/// What an answer reports to have used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TokenUsage {
    /// Without what the cache read or wrote.
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) cache: CacheTokens,
}

impl TokenUsage {
    pub(crate) fn total(&self) -> u64 {
        self.input + self.output + self.cache.read + self.cache.write
    }
}

/// One step of an answer on its way, and how many output tokens are there with it.
pub(crate) struct StreamEvent<'a> {
    pub(crate) kind: EventKind<'a>,
    pub(crate) tokens: u64,
}

pub(crate) enum EventKind<'a> {
    Start,
    BlockStart(usize, &'a Block),
    Delta(usize, &'a Block, String),
    BlockStop(usize),
    Stop,
    End,
}

/// Draws the answer from the key, the request and, if there is one, the script.
pub(crate) fn draw(
    key: u64,
    prompt: &Prompt,
    maximum: u64,
    cache: CacheTokens,
    blocked_words: Vec<String>,
    script: Option<&Fault>,
) -> Answer {
    let mut rng = Rng::with_seed(chain(key, 0));
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
    let scripted_stop = script.and_then(|script| script.stop_reason);
    let scripted_length = script.and_then(|script| script.output_tokens);
    if let Some(text) = script.and_then(|script| script.text.as_ref()) {
        answer.say(text.clone());
        answer.usage.output = scripted_length.map_or(answer.usage.output, |most| most.min(maximum));
    } else if !answer.blocked_words.is_empty() {
        answer.say(BLOCKED.to_owned());
        answer.stop = StopReason::GuardrailIntervened;
    } else {
        let calls = scripted_stop.is_none_or(|stop| stop == StopReason::ToolUse);
        let tool = match prompt.called_tool() {
            None if scripted_stop == Some(StopReason::ToolUse) => prompt.tools.first(),
            tool => tool,
        };
        let called = tool.is_some_and(|tool| calls && answer.call(tool, maximum, &mut rng));
        if !called {
            answer.write(
                scripted_length.map_or(natural, |length| length.min(LONGEST)),
                maximum,
                prompt,
                &mut rng,
            );
        }
    }
    answer.stop = scripted_stop.unwrap_or(answer.stop);
    answer
}

fn scripted_cache(prompt: &Prompt, drawn: CacheTokens, script: Option<&Fault>) -> CacheTokens {
    let scripted = script
        .filter(|script| script.cache_read_tokens.is_some() || script.cache_write_tokens.is_some());
    let Some(script) = scripted else {
        return drawn;
    };
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
    fn call(&mut self, tool: &Tool, maximum: u64, rng: &mut Rng) -> bool {
        let input = schema::input(&tool.schema, rng);
        let output = tokens::TOOL_CALL + tokens::text(&tool.name) + tokens::json(&input);
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

    /// Writes a text of so many tokens, up to the maximum. A request with stop sequences meets one
    /// at the latest where the text would have ended.
    fn write(&mut self, length: u64, maximum: u64, prompt: &Prompt, rng: &mut Rng) {
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
            .min_by_key(|(at, _)| *at);
        if let Some((at, sequence)) = met {
            text.truncate(at);
            self.stop = StopReason::StopSequence;
            self.stop_sequence = Some(sequence.clone());
        } else if length > maximum {
            self.stop = StopReason::MaxTokens;
        } else if let Some(sequence) = prompt.stop_sequences.first() {
            self.stop = StopReason::StopSequence;
            self.stop_sequence = Some(sequence.clone());
        } else if !text.is_empty() {
            text.push('.');
        }
        self.say(text);
    }

    /// The answer step by step, in the order of every streaming format.
    pub(crate) fn events(&self) -> Vec<StreamEvent<'_>> {
        let mut events = vec![StreamEvent {
            kind: EventKind::Start,
            tokens: 0,
        }];
        let mut tokens = 0;
        for (index, block) in self.blocks.iter().enumerate() {
            let (content, overhead) = match block {
                Block::Text(text) => (text.clone(), 0),
                Block::ToolUse { name, input, .. } => {
                    (input.to_string(), tokens::TOOL_CALL + tokens::text(name))
                }
            };
            tokens += overhead;
            events.push(StreamEvent {
                kind: EventKind::BlockStart(index, block),
                tokens,
            });
            let characters: Vec<char> = content.chars().collect();
            for piece in characters.chunks(4 * TOKENS_PER_EVENT) {
                tokens += (piece.len() as u64).div_ceil(4);
                let piece = piece.iter().collect();
                events.push(StreamEvent {
                    kind: EventKind::Delta(index, block, piece),
                    tokens,
                });
            }
            events.push(StreamEvent {
                kind: EventKind::BlockStop(index),
                tokens,
            });
        }
        for kind in [EventKind::Stop, EventKind::End] {
            events.push(StreamEvent {
                kind,
                tokens: self.usage.output,
            });
        }
        for event in &mut events {
            event.tokens = event.tokens.min(self.usage.output);
        }
        events
    }
}
