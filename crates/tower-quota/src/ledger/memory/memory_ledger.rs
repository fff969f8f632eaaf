use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::Instant;

use super::admit::Admit;
use super::key_state::KeyState;
use super::key_table::{Bounds, Idle, KeyTable};
use super::limits_now::LimitsNow;
use super::overflow::Overflow;
use super::runtime::now;
use super::sync::{RwLock, read, write};
use crate::account::nanos;
use crate::call::Ask;
use crate::ledger::Ledger;
use crate::limit::{Limits, LimitsOf};
use crate::settings::Settings;

/// The ledger of one process, in memory: the default.
///
/// # Clone
///
/// Clones share their keys.
pub struct MemoryLedger<K> {
    shared: Arc<Shared<K>>,
}

struct Shared<K> {
    limits: RwLock<LimitsNow<K>>,
    settings: Arc<Settings>,
    epoch: Instant,
    keys: KeyTable<K, Arc<KeyState>>,
    overflow: Overflow,
    /// Whether it was cloned: for a handle, a service or another layer value.
    taken: AtomicBool,
}

impl<K: Hash + Eq + Clone + fmt::Display> MemoryLedger<K> {
    pub(crate) fn new(limits: impl LimitsOf<K> + Send + Sync + 'static) -> Self {
        let settings = Settings::default();
        Self {
            shared: Arc::new(Shared {
                limits: RwLock::new(LimitsNow::new(Arc::new(limits))),
                epoch: now(),
                keys: KeyTable::new(bounds(&settings)),
                overflow: Overflow::default(),
                settings: Arc::new(settings),
                taken: AtomicBool::new(false),
            }),
        }
    }

    pub(crate) fn key_state(&self, key: &K) -> Arc<KeyState> {
        self.find(key).unwrap_or_else(|| self.make(key))
    }

    /// Changes the settings. `None` if somebody has taken this ledger before: that one would go on
    /// with the old settings.
    pub(crate) fn set(&mut self, change: impl FnOnce(&mut Settings)) -> Option<()> {
        let shared = Arc::get_mut(&mut self.shared)
            .filter(|shared| !shared.taken.load(Ordering::Relaxed))?;
        // Only calls make keys, so there is none that holds the settings too.
        let settings = Arc::get_mut(&mut shared.settings)?;
        change(settings);
        shared.keys = KeyTable::new(bounds(settings));
        Some(())
    }

    pub(crate) fn find(&self, key: &K) -> Option<Arc<KeyState>> {
        self.shared.keys.get(key)
    }

    #[cold]
    fn make(&self, key: &K) -> Arc<KeyState> {
        let shared = &*self.shared;
        // Foreign code, so not under the lock. Of two that get here the first one's key counts.
        let (limits, version) = self.limits_of(key);
        let text = key.to_string();
        let make = |text: &str| {
            let settings = Arc::clone(&shared.settings);
            let state = KeyState::new(text.into(), &limits, settings, shared.epoch);
            // What keys share that came too late is of this process alone.
            #[cfg(feature = "shared")]
            let state = if text == Overflow::TEXT {
                state
            } else {
                state.shared()
            };
            let state = Arc::new(state);
            // Here, where `close` waits for it: nobody has found the key yet.
            if self.is_closed() {
                state.close();
            }
            state
        };
        let now = nanos(now().saturating_duration_since(shared.epoch));
        // Where this is asked the count cannot rise from one: whoever holds a key got it under the
        // lock, or from another holder.
        let idle = |state: &Arc<KeyState>| match Arc::strong_count(state) {
            1 => state.idle(now),
            _ => Idle::InUse,
        };
        let keys = &shared.keys;
        let Some(state) = keys.get_or_insert(key, now, || make(&text), idle) else {
            let overflow = &shared.overflow;
            let state = overflow.share(&limits, || make(Overflow::TEXT), idle);
            let Settings {
                telemetry,
                max_keys,
                ..
            } = &*shared.settings;
            telemetry.overflowed(*max_keys, overflow.is_news());
            return state;
        };
        // Who changed the limits meanwhile did not find the key yet.
        self.catch_up(key, &state, version);
        state
    }

    fn limits_of(&self, key: &K) -> (Limits, u64) {
        let (source, version) = {
            let limits = read(&self.shared.limits);
            (limits.source(key), limits.version)
        };
        (source.limits(key), version)
    }

    /// Gives `state` the limits of now, if it has those of an older `version`.
    fn catch_up(&self, key: &K, state: &Arc<KeyState>, mut version: u64) {
        while read(&self.shared.limits).version != version {
            let limits;
            (limits, version) = self.limits_of(key);
            state.set_limits(&limits);
        }
    }

    pub(crate) fn set_limits(&self, key: &K, limits: Limits) {
        write(&self.shared.limits).set(key, limits);
        self.refresh(key);
    }

    pub(crate) fn set_all_limits(&self, limits: impl LimitsOf<K> + Send + Sync + 'static) {
        write(&self.shared.limits).set_all(Arc::new(limits));
        for key in self.keys() {
            self.refresh(&key);
        }
    }

    fn refresh(&self, key: &K) {
        if let Some(state) = self.find(key) {
            let (limits, version) = self.limits_of(key);
            state.set_limits(&limits);
            // Of two who change them at once the one that came last counts.
            self.catch_up(key, &state, version);
        }
    }

    pub(crate) fn close(&self) {
        // First: keys that are made from here on are closed from the start.
        write(&self.shared.limits).closed = true;
        let keys = self.shared.keys.values().into_iter();
        for state in keys.chain(self.overflow()) {
            state.close();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        read(&self.shared.limits).closed
    }

    pub(crate) fn keys(&self) -> Vec<K> {
        self.shared.keys.keys()
    }

    /// What a call of `key` would come to: its own, or what keys share where there is no room.
    pub(crate) fn find_or_shared(&self, key: &K) -> Option<Arc<KeyState>> {
        let shared = &*self.shared;
        self.find(key).or_else(|| {
            let is_full = shared.keys.len() >= shared.settings.max_keys;
            is_full.then(|| shared.overflow.find(&self.limits_of(key).0))?
        })
    }

    pub(crate) fn overflow(&self) -> Vec<Arc<KeyState>> {
        self.shared.overflow.keys()
    }
}

fn bounds(settings: &Settings) -> Bounds {
    Bounds {
        idle: settings.max_idle_keys,
        all: settings.max_keys,
    }
}

impl<K> MemoryLedger<K> {
    pub(crate) fn name(&self) -> &'static str {
        self.shared.settings.telemetry.name
    }

    /// How many keys are remembered.
    pub(crate) fn len(&self) -> usize {
        self.shared.keys.len()
    }
}

impl<K: Hash + Eq + Clone + fmt::Display> Ledger<K> for MemoryLedger<K> {
    type Admit = Admit;

    fn admit(&self, mut ask: Ask<K>) -> Admit {
        let admit = |ask: &Ask<K>, key: &K| {
            let state = self.key_state(key);
            let call = state.call(ask);
            Admit::new(state, call)
        };
        // Within itself it fits if it fits: it is charged once.
        let outer = ask.within.take().filter(|outer| *outer != ask.key);
        let Some(outer) = outer else {
            return admit(&ask, &ask.key);
        };
        // It waits for one after the other, and not as long for each.
        let bounds = [ask.max_wait, self.shared.settings.max_wait];
        ask.max_wait = bounds.into_iter().flatten().min();
        admit(&ask, &ask.key).within(admit(&ask, &outer))
    }
}

impl<K> Clone for MemoryLedger<K> {
    fn clone(&self) -> Self {
        // A knob owns the layer, so whatever handed it over has ordered this store before it.
        self.shared.taken.store(true, Ordering::Relaxed);
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<K> fmt::Debug for MemoryLedger<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLedger")
            .field("settings", &self.shared.settings)
            .field("keys", &self.len())
            .finish_non_exhaustive()
    }
}
