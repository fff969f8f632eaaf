use std::borrow::Cow;

use super::{Answer, Block, DrawnText, Text};

/// How many output tokens one event of a stream carries.
const TOKENS_PER_EVENT: usize = 4;
const CHARACTERS_PER_EVENT: usize = 4 * TOKENS_PER_EVENT;

/// One step of an answer on its way, before any wire format.
pub(crate) struct StreamEvent<'a> {
    pub(crate) kind: EventKind<'a>,
    /// How many of the answer's output tokens are out with it.
    pub(crate) tokens: u64,
}

pub(crate) enum EventKind<'a> {
    Start,
    BlockStart(usize, &'a Block),
    Delta(usize, &'a Block, Cow<'a, str>),
    /// What vouches for the reasoning before it.
    Signature(usize, &'a str),
    BlockStop(usize),
    Stop,
    End,
}

/// Where a reader of an answer is: each event is made when it is asked for.
pub(crate) struct EventCursor {
    next: Step,
    tokens: u64,
}

enum Step {
    Start,
    BlockStart(usize),
    Delta(usize, Rest),
    Signature(usize),
    BlockStop(usize),
    Stop,
    End,
    Over,
}

/// What is still to come of a block's content.
enum Rest {
    /// From this byte on.
    From(usize),
    Drawn(DrawnText),
}

impl EventCursor {
    pub(crate) fn new() -> Self {
        Self {
            next: Step::Start,
            tokens: 0,
        }
    }

    /// The answer's next event, in the order of every streaming format. It is for one answer from
    /// its start to its end.
    pub(crate) fn advance<'a>(&mut self, answer: &'a Answer) -> Option<StreamEvent<'a>> {
        loop {
            let step = std::mem::replace(&mut self.next, Step::Over);
            let (kind, next) = match step {
                Step::Start => (EventKind::Start, Step::BlockStart(0)),
                Step::BlockStart(index) => match answer.blocks.get(index) {
                    Some(block) => {
                        self.tokens += block.tokens_ahead();
                        let next = Step::Delta(index, Rest::of(block));
                        (EventKind::BlockStart(index, block), next)
                    }
                    None => {
                        self.next = Step::Stop;
                        continue;
                    }
                },
                Step::Delta(index, mut rest) => {
                    let block = &answer.blocks[index];
                    let piece = rest.piece(block);
                    if piece.is_empty() {
                        self.next = Step::Signature(index);
                        continue;
                    }
                    self.tokens += super::tokens::text(&piece);
                    let kind = EventKind::Delta(index, block, piece);
                    (kind, Step::Delta(index, rest))
                }
                Step::Signature(index) => match &answer.blocks[index] {
                    Block::Reasoning { signature, .. } => {
                        let kind = EventKind::Signature(index, signature);
                        (kind, Step::BlockStop(index))
                    }
                    _ => {
                        self.next = Step::BlockStop(index);
                        continue;
                    }
                },
                Step::BlockStop(index) => {
                    (EventKind::BlockStop(index), Step::BlockStart(index + 1))
                }
                Step::Stop => {
                    self.tokens = answer.usage.output;
                    (EventKind::Stop, Step::End)
                }
                Step::End => (EventKind::End, Step::Over),
                Step::Over => return None,
            };
            self.next = next;
            // Rounding up piece by piece, and a scripted count, may disagree with the answer's own
            // count, which is what the usage reports and the quota charges.
            let tokens = self.tokens.min(answer.usage.output);
            return Some(StreamEvent { kind, tokens });
        }
    }
}

impl Rest {
    fn of(block: &Block) -> Self {
        match block {
            Block::Text(Text::Drawn(text))
            | Block::Reasoning {
                text: Text::Drawn(text),
                ..
            } => Self::Drawn(text.clone()),
            _ => Self::From(0),
        }
    }

    fn piece<'a>(&mut self, block: &'a Block) -> Cow<'a, str> {
        let from = match self {
            Self::Drawn(text) => return Cow::Owned(text.piece(CHARACTERS_PER_EVENT)),
            Self::From(from) => from,
        };
        let text = match block {
            Block::Text(text) | Block::Reasoning { text, .. } => match text {
                Text::Said(text) => text,
                Text::Drawn(_) => return Cow::Borrowed(""),
            },
            Block::ToolUse { input, .. } => input,
            // Nothing of it can be read before all of it is there.
            Block::RedactedReasoning(data) => {
                let whole = &data[*from..];
                *from = data.len();
                return Cow::Borrowed(whole);
            }
        };
        let rest = &text[*from..];
        let end = rest
            .char_indices()
            .nth(CHARACTERS_PER_EVENT)
            .map_or(rest.len(), |(at, _)| at);
        *from += end;
        Cow::Borrowed(&rest[..end])
    }
}
