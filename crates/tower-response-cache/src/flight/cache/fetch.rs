use std::{hash::Hash, time::Duration};

use tokio::time::{Instant, sleep};

use super::Cache;
use crate::flight::callers::Background;
use crate::store::Entry;
use crate::store::remote::{Fetched, RemoteLead};

/// How long a caller that waits for another process pauses between two questions.
const POLL_FIRST: Duration = Duration::from_millis(5);
const POLL_LONGEST: Duration = Duration::from_millis(250);

/// What a flight got of the remote store.
pub(crate) struct Fetch<V> {
    pub(crate) entry: Option<Entry<V>>,
    /// Held until the call is over, if it is to be made.
    pub(crate) lead: Option<RemoteLead>,
}

impl<V> Default for Fetch<V> {
    fn default() -> Self {
        Self {
            entry: None,
            lead: None,
        }
    }
}

impl<K: Hash + Eq + Clone, V, St> Cache<K, V, St> {
    /// The entry of the remote store; if that fails, there is none.
    pub(crate) async fn fetch(&self, key: &K) -> Option<Entry<V>> {
        let remote = self.remote.as_ref()?;
        // An answer that was overtaken while it was written is still there until it is taken back.
        if self.flights.with(|table| table.is_taking_back(key)) {
            return None;
        }
        let found = remote.get(key, self.settings.remote_timeout).await;
        let found = self.counted(found).ok()?;
        self.counters.remote_read(found.is_some());
        found
    }

    /// The same for a flight that is to make the call otherwise, and the lead of it among processes.
    pub(crate) async fn fetch_or_lead(&self, key: &K) -> Fetch<V> {
        let Some(remote) = &self.remote else {
            return Fetch::default();
        };
        let most = remote.wait_at_most(self.settings.remote_flights);
        // Without a clock nobody can wait for others.
        if most.is_zero() || Background::at_hand().is_none() {
            let entry = self.fetch(key).await;
            return Fetch { entry, lead: None };
        }
        let began = Instant::now();
        let mut pause = POLL_FIRST;
        loop {
            if self.flights.with(|table| table.is_taking_back(key)) {
                return Fetch::default();
            }
            let found = remote.get_or_lead(key, self.settings.remote_timeout).await;
            let Ok(found) = self.counted(found) else {
                return Fetch::default();
            };
            let waited = began.elapsed();
            match found {
                Fetched::Entry(entry) => {
                    self.counters.remote_read(true);
                    let entry = Some(entry);
                    return Fetch { entry, lead: None };
                }
                Fetched::Lead(lead) => {
                    self.counters.remote_read(false);
                    let lead = Some(lead);
                    return Fetch { entry: None, lead };
                }
                Fetched::Elsewhere if waited >= most => {
                    self.counters.remote_read(false);
                    return Fetch::default();
                }
                Fetched::Elsewhere => {
                    if pause == POLL_FIRST {
                        self.counters.remote_wait();
                    }
                    sleep(pause.min(most - waited)).await;
                    // A fourth longer each time: the answer is seen late by a fifth of its wait at most.
                    pause = (pause * 5 / 4).min(POLL_LONGEST);
                }
            }
        }
    }
}
