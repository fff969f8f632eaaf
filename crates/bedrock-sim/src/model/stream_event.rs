use super::{Answer, Block, tokens};

/// How many output tokens one event of a stream carries.
const TOKENS_PER_EVENT: usize = 4;

/// One step of an answer on its way, before any wire format.
pub(crate) struct StreamEvent<'a> {
    pub(crate) kind: EventKind<'a>,
    /// How many of the answer's output tokens are out with it.
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

impl Answer {
    /// The answer step by step, in the order of every streaming format.
    pub(crate) fn stream_events(&self) -> Vec<StreamEvent<'_>> {
        let mut events = Vec::new();
        let mut push = |kind, tokens: u64| {
            // Rounding up piece by piece, and a scripted count, may disagree with the answer's own
            // count, which is what the usage reports and the quota charges.
            let tokens = tokens.min(self.usage.output);
            events.push(StreamEvent { kind, tokens });
        };
        push(EventKind::Start, 0);
        let mut tokens = 0;
        for (index, block) in self.blocks.iter().enumerate() {
            let (content, overhead) = match block {
                Block::Text(text) => (text.clone(), 0),
                Block::ToolUse { name, input, .. } => {
                    (input.to_string(), tokens::TOOL_CALL + tokens::text(name))
                }
            };
            tokens += overhead;
            push(EventKind::BlockStart(index, block), tokens);
            let characters: Vec<char> = content.chars().collect();
            for piece in characters.chunks(4 * TOKENS_PER_EVENT) {
                tokens += (piece.len() as u64).div_ceil(4);
                let piece = piece.iter().collect();
                push(EventKind::Delta(index, block, piece), tokens);
            }
            push(EventKind::BlockStop(index), tokens);
        }
        push(EventKind::Stop, self.usage.output);
        push(EventKind::End, self.usage.output);
        events
    }
}
