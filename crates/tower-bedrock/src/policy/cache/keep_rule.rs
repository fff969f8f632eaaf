use super::context::CacheContext;
use crate::response::Ending;
use std::{sync::Arc, time::Duration};
use tower_response_cache::Keep;

/// Which answers are kept, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeepRule {
    pub(super) ttl: Duration,
    pub(super) while_revalidate: Duration,
    pub(super) if_error: Duration,
    pub(super) truncated: bool,
    pub(super) tool_use: bool,
    pub(super) drafts: bool,
}

impl KeepRule {
    /// How an answer is kept that ended so and takes `weight` bytes, if it is.
    pub(super) fn keep(&self, asked: &CacheContext, ending: Ending, weight: u64) -> Option<Keep> {
        let is_worth_it = match ending {
            Ending::Complete => true,
            Ending::Truncated => self.truncated,
            Ending::ToolUse => self.tool_use,
            Ending::Other => false,
        };
        let can_change = asked.is_under_draft && !self.drafts;
        if asked.no_store || can_change || !is_worth_it {
            return None;
        }
        Some(
            Keep::new(asked.ttl.unwrap_or(self.ttl))
                .stale_while_revalidate(self.while_revalidate)
                .stale_if_error(self.if_error)
                .weight(weight)
                .with_tags(asked.tags.iter().map(Arc::clone)),
        )
    }
}
