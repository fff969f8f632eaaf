//! What the cache does when a stream ends.

use super::{
    answer::Answer, context::CacheContext, keep_rule::KeepRule, price_list::PriceList,
    recorded_streams::RecordedStreams, savings_handle::SavingsHandle,
};
use crate::{
    record::Record,
    response::{End, OnEnd, Origin},
};
use aws_smithy_types::body::SdkBody;
use std::sync::Arc;
use tower_response_cache::KeepTicket;

/// Keeps a stream that was recorded to its end. Dropped before, it keeps nothing.
pub(super) struct KeepAtEnd {
    pub(super) rule: KeepRule,
    pub(super) asked: CacheContext,
    pub(super) operation: &'static str,
    pub(super) origin: Origin,
    pub(super) record: Record<SdkBody>,
    pub(super) ticket: KeepTicket<Answer>,
    pub(super) recorded: Option<Arc<RecordedStreams>>,
}

impl OnEnd for KeepAtEnd {
    fn end(self: Box<Self>, end: &mut End) {
        if end.result.is_err() {
            return;
        }
        // A stream that broke off after its message has no recording, nor has one that is too long.
        let Some(recording) = self.record.recording() else {
            return;
        };
        let weight = Answer::weight(recording.weight(), &self.origin);
        if let Some(keep) = self.rule.keep(&self.asked, end.ending, weight) {
            let answer = Answer::recorded(self.operation, recording, end.usage, self.origin);
            self.ticket.store(answer, keep);
            if let Some((recorded, key)) = self.recorded.zip(self.asked.stream_key) {
                recorded.add(key, self.asked.ttl.unwrap_or(self.rule.ttl));
            }
        }
    }
}

/// Adds up what one who read a stream along was spared.
pub(super) struct SavedAtEnd {
    pub(super) savings: SavingsHandle,
    pub(super) prices: Arc<PriceList>,
    pub(super) model_id: Option<Arc<str>>,
}

impl OnEnd for SavedAtEnd {
    fn end(self: Box<Self>, end: &mut End) {
        if end.result.is_ok() {
            self.savings
                .add(&self.prices, self.model_id.as_deref(), end.usage);
        }
    }
}
