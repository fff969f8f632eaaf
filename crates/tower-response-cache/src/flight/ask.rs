use std::sync::Arc;

use super::cache::Fetch;
use super::callers::{Background, Key, Lead, Value};
use super::delivery::Delivery;
use super::flight::Cause;
use super::layer_state::LayerState;
use super::miss_state::{AskRemote, MissState};
use super::miss_step::Step;
use crate::policy::{CacheStatus, Policy};
use crate::store::{Freshness, Store};

/// What the remote store had for the leader of a flight, who gets `R`.
pub(super) enum Found<K: Key, V: Value, R> {
    /// An answer, and the flight has ended.
    Answer(R),
    /// A stale answer, which its callers have. The flight is to get a new one in the background.
    Stale(Lead<K, V>, R, Background),
    /// Nothing of use.
    Nothing(Lead<K, V>),
}

impl<P, K: Key, V: Value, St: Store<K, V>> LayerState<P, K, V, St> {
    pub(crate) fn ask(&self, key: K) -> AskRemote<V> {
        let cache = Arc::clone(&self.cache);
        Box::pin(async move { cache.fetch(&key).await })
    }

    /// Asks the remote store before the call, if there is one.
    pub(super) fn ask_or_begin<R>(&self, lead: Lead<K, V>, cause: Cause) -> Step<K, V, R> {
        if !self.cache.has_remote() {
            return Step::Go(MissState::Begin(lead, cause));
        }
        let (cache, key) = (Arc::clone(&self.cache), lead.key().clone());
        let ask = Box::pin(async move { cache.fetch_or_lead(&key).await });
        Step::Go(MissState::Ask(lead, cause, ask))
    }

    /// What the leader of a flight does with what the remote store had: the same as with what is at hand.
    pub(super) fn found<Req, Res, E>(
        &self,
        mut lead: Lead<K, V>,
        fetched: Fetch<V>,
    ) -> Found<K, V, Result<Res, E>>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        lead.lead_among_processes(fetched.lead);
        let delivery = Delivery::new(&self.cache, &lead);
        let Some((value, freshness)) = fetched.entry.and_then(|entry| delivery.bring(entry)) else {
            return Found::Nothing(lead);
        };
        match (freshness, Background::at_hand()) {
            (Freshness::Fresh, _) => match self.restore(value.clone(), CacheStatus::Hit) {
                Some(result) => {
                    lead.end().tell(Some(&value), CacheStatus::Joined);
                    Found::Answer(result)
                }
                None => Found::Nothing(lead),
            },
            (Freshness::Revalidate, Some(background)) => {
                let Some(result) = self.restore(value.clone(), CacheStatus::Stale) else {
                    return Found::Nothing(lead);
                };
                if self.cache.may_revalidate(lead.key()) {
                    delivery.release(&value);
                    return Found::Stale(lead, result, background);
                }
                lead.end().tell(Some(&value), CacheStatus::Stale);
                Found::Answer(result)
            }
            _ => Found::Nothing(lead),
        }
    }
}
