//! With what does a prompt begin, that Bedrock has in its cache?

use crate::request::{Beginning, Conversation};
use aws_sdk_bedrockruntime::types::{
    CachePointBlock, CacheTtl, ContentBlock, Message, SystemContentBlock, Tool,
};
use memchr::memmem;

/// The parts of a prompt, in the order in which Bedrock caches them.
pub(super) struct Prompt<'a> {
    pub(super) tools: &'a [Tool],
    pub(super) system: &'a [SystemContentBlock],
    pub(super) messages: &'a [Message],
}

impl Prompt<'_> {
    /// The conversation that the prompt is of.
    ///
    /// A cache point in the messages is moved on with each turn, so there the first message tells one
    /// conversation from others. Without one all calls that begin alike share what is before the first cache
    /// point or, where there is none, what the system says.
    pub(super) fn conversation(&self) -> Option<Conversation> {
        let mut blocks = self.messages.iter().flat_map(|message| &message.content);
        let is_in_messages = blocks.any(|block| matches!(block, ContentBlock::CachePoint(_)));
        let mut beginning = Beginning::new();
        for tool in self.tools {
            match tool {
                Tool::CachePoint(_) if !is_in_messages => {
                    return Some(beginning.of_all_who_share_it());
                }
                // Its schema is a map, which has no order.
                Tool::ToolSpec(spec) => {
                    beginning.add(spec.name.as_bytes());
                    beginning.add(spec.description.as_deref().unwrap_or_default().as_bytes());
                }
                Tool::SystemTool(tool) => beginning.add(tool.name.as_bytes()),
                _ => {}
            }
        }
        for block in self.system {
            match block {
                SystemContentBlock::CachePoint(_) if !is_in_messages => {
                    return Some(beginning.of_all_who_share_it());
                }
                SystemContentBlock::Text(text) => beginning.add(text.as_bytes()),
                _ => {}
            }
        }
        if is_in_messages {
            let first = self.messages.first()?;
            for block in &first.content {
                // Media are large, and hardly begin two conversations that are alike otherwise.
                if let ContentBlock::Text(text) = block {
                    beginning.add(text.as_bytes());
                }
            }
            return Some(beginning.of_one());
        }
        (!self.system.is_empty()).then(|| beginning.of_all_who_share_it())
    }

    /// Whether a cache point asks to be kept for an hour.
    pub(super) fn is_kept_for_an_hour(&self) -> bool {
        let an_hour = |point: &CachePointBlock| point.ttl == Some(CacheTtl::OneHour);
        let mut blocks = self.messages.iter().flat_map(|message| &message.content);
        self.tools
            .iter()
            .any(|tool| matches!(tool, Tool::CachePoint(point) if an_hour(point)))
            || self.system.iter().any(
                |block| matches!(block, SystemContentBlock::CachePoint(point) if an_hour(point)),
            )
            || blocks
                .any(|block| matches!(block, ContentBlock::CachePoint(point) if an_hour(point)))
    }
}

/// The same of a body in a model's own format, Anthropic's as a rule: by its bytes, as one client writes
/// them in one order.
pub(super) fn of_body(body: &[u8]) -> Option<Conversation> {
    let mut points = memmem::find_iter(body, b"\"cache_control\"");
    let first = points.next()?;
    let last = points.last().unwrap_or(first);
    let mut beginning = Beginning::new();
    match memmem::find(body, b"\"messages\"") {
        // Up to the second message.
        Some(messages) if messages < last => {
            let mut roles = memmem::find_iter(&body[messages..], b"\"role\"");
            let end = roles.nth(1).map_or(last, |second| messages + second);
            beginning.add(&body[..end]);
            Some(beginning.of_one())
        }
        _ => {
            beginning.add(&body[..first]);
            Some(beginning.of_all_who_share_it())
        }
    }
}

#[cfg(test)]
mod tests;
