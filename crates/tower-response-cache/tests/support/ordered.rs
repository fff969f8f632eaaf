//! A remote store whose writes and removals take as long as the test says, and which keeps order if it is
//! made so.

#![allow(dead_code)]

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::sleep;
use tower_response_cache::{Outdated, RemoteEntry, RemoteStore};

#[derive(Clone, Default)]
pub(crate) struct Ordered {
    state: Arc<Mutex<State>>,
    keeps_order: bool,
    /// How long the next questions take.
    delays: Arc<Mutex<VecDeque<Duration>>>,
}

#[derive(Default)]
struct State {
    entries: HashMap<u64, RemoteEntry>,
    floors: HashMap<Floor, u64>,
}

#[derive(PartialEq, Eq, Hash)]
enum Floor {
    Key(u64),
    Tag(String),
    All,
}

impl Ordered {
    pub(crate) fn new() -> Self {
        Self {
            keeps_order: true,
            ..Self::default()
        }
    }

    /// One that does not compare before it writes.
    pub(crate) fn without_order() -> Self {
        Self::default()
    }

    pub(crate) fn delay(&self, delays: impl IntoIterator<Item = Duration>) {
        self.delays.lock().expect("no panic").extend(delays);
    }

    async fn reach(&self) {
        let delay = self.delays.lock().expect("no panic").pop_front();
        sleep(delay.unwrap_or_default()).await;
    }

    fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().expect("no panic"))
    }

    async fn remove_if(&self, gone: impl Fn(u64, &RemoteEntry) -> bool) -> Result<(), Infallible> {
        self.reach().await;
        self.state(|state| state.entries.retain(|key, entry| !gone(*key, entry)));
        Ok(())
    }
}

fn has_tag(entry: &RemoteEntry, tag: &str) -> bool {
    entry.tags.iter().any(|own| **own == *tag)
}

impl RemoteStore<u64> for Ordered {
    type Error = Infallible;

    async fn get(&self, key: &u64) -> Result<Option<RemoteEntry>, Infallible> {
        self.reach().await;
        let found = self.state(|state| state.entries.get(key).cloned());
        Ok(found.map(|entry| RemoteEntry::new(entry.bytes, entry.expires_in)))
    }

    async fn insert(&self, key: &u64, entry: RemoteEntry) -> Result<(), Infallible> {
        self.reach().await;
        self.state(|state| state.entries.insert(*key, entry));
        Ok(())
    }

    async fn remove(&self, key: &u64) -> Result<(), Infallible> {
        self.remove_if(|own, _| own == *key).await
    }

    async fn remove_tag(&self, tag: &str) -> Result<(), Infallible> {
        self.remove_if(|_, entry| has_tag(entry, tag)).await
    }

    async fn clear(&self) -> Result<(), Infallible> {
        self.remove_if(|_, _| true).await
    }

    async fn insert_newer(&self, key: &u64, entry: RemoteEntry) -> Result<bool, Infallible> {
        if !self.keeps_order {
            self.insert(key, entry).await?;
            return Ok(true);
        }
        self.reach().await;
        Ok(self.state(|state| {
            let tags = entry.tags.iter().map(|tag| Floor::Tag((**tag).to_owned()));
            let floors = tags.chain([Floor::Key(*key), Floor::All]);
            let floors = floors.filter_map(|floor| state.floors.get(&floor).copied());
            let there = state.entries.get(key).map(|entry| entry.version);
            let taken = floors.chain(there).all(|floor| entry.version >= floor);
            if taken {
                state.entries.insert(*key, entry);
            }
            taken
        }))
    }

    async fn forget(&self, what: Outdated<'_, u64>, before: u64) -> Result<(), Infallible> {
        if !self.keeps_order {
            return match what {
                Outdated::Key(key) => self.remove(key).await,
                Outdated::Tag(tag) => self.remove_tag(tag).await,
                _ => self.clear().await,
            };
        }
        self.reach().await;
        self.state(|state| {
            let is_old = |entry: &RemoteEntry| entry.version < before;
            let floor = match what {
                Outdated::Key(key) => {
                    state
                        .entries
                        .retain(|own, entry| own != key || !is_old(entry));
                    Floor::Key(*key)
                }
                Outdated::Tag(tag) => {
                    let entries = &mut state.entries;
                    entries.retain(|_, entry| !has_tag(entry, tag) || !is_old(entry));
                    Floor::Tag(tag.to_owned())
                }
                _ => {
                    state.entries.retain(|_, entry| !is_old(entry));
                    Floor::All
                }
            };
            let floor = state.floors.entry(floor).or_default();
            *floor = before.max(*floor);
        });
        Ok(())
    }
}
