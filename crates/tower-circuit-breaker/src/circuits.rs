use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use tokio::time::Instant;

use crate::handle::Handle;
use crate::key::SingleCircuit;
use crate::keyed::{Keyed, Need};
use crate::settings::Settings;
use crate::slot::Slot;
use crate::sync::{Mutex, lock};

/// The circuits of one layer value, by key.
///
/// A circuit is made for a key when it is first asked for. A circuit is idle where it is closed
/// and nobody holds it, neither a call nor a [`Handle`]. When a new key comes and there are
/// [`max_idle_keys`](crate::CircuitBreakerLayer::max_idle_keys) circuits or more, the idle ones
/// unused for longest are forgotten; an open or half-open one only where no idle one is left, and
/// then the one whose open time ends first. A circuit that somebody holds is never forgotten, so
/// there can be as many more as there are calls under way.
///
/// # Clone
///
/// Clones see the same circuits.
pub struct Circuits<Q> {
    settings: Arc<Settings>,
    store: Store<Q>,
}

enum Store<Q> {
    One(Arc<Slot>),
    Keyed(Arc<Mutex<Keyed<Q, Arc<Slot>>>>),
}

impl Circuits<SingleCircuit> {
    pub(crate) fn one(settings: Settings) -> Self {
        let settings = Arc::new(settings);
        let slot = Slot::new(Arc::clone(&settings), None, settings.seed, Instant::now());
        Self {
            settings,
            store: Store::One(Arc::new(slot)),
        }
    }
}

impl<Q> Circuits<Q> {
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl<Q: Hash + Eq + Clone + fmt::Display> Circuits<Q> {
    pub(crate) fn keyed(settings: Settings) -> Self {
        Self {
            store: Store::Keyed(Arc::new(Mutex::new(Keyed::new(settings.max_idle_keys)))),
            settings: Arc::new(settings),
        }
    }

    /// The same kind of store, empty, under other settings.
    pub(crate) fn renewed(&self, settings: Settings) -> Self {
        match self.store {
            Store::One(_) => {
                let settings = Arc::new(settings);
                let slot = Slot::new(Arc::clone(&settings), None, settings.seed, Instant::now());
                Self {
                    settings,
                    store: Store::One(Arc::new(slot)),
                }
            }
            Store::Keyed(_) => Self::keyed(settings),
        }
    }

    /// The circuit of `key`, made closed where there was none.
    ///
    /// It is kept as long as the handle lives.
    #[must_use]
    pub fn handle(&self, key: &Q) -> Handle {
        Handle::new(self.slot_of(|| key.clone()))
    }

    /// The keys that have a circuit at the moment, in no order; none where all requests share one
    /// circuit.
    #[must_use]
    pub fn keys(&self) -> Vec<Q> {
        match &self.store {
            Store::One(_) => Vec::new(),
            Store::Keyed(keyed) => lock(keyed).keys().cloned().collect(),
        }
    }

    /// The slot that decides; a single circuit does not ask for the key.
    pub(crate) fn slot_of(&self, key: impl FnOnce() -> Q) -> Arc<Slot> {
        match &self.store {
            Store::One(slot) => Arc::clone(slot),
            Store::Keyed(keyed) => {
                let key = key();
                let mut keyed = lock(keyed);
                let seed = keyed.len() as u64;
                keyed.get_or_insert(&key, || self.slot(&key, seed), need)
            }
        }
    }

    fn slot(&self, key: &Q, nth: u64) -> Arc<Slot> {
        Arc::new(Slot::new(
            Arc::clone(&self.settings),
            Some(key.to_string().into()),
            self.settings.seed.map(|seed| seed.wrapping_add(nth)),
            Instant::now(),
        ))
    }
}

/// Whoever holds a slot got it from the map, under its lock, or from another holder: a count of
/// one means that only the map is left.
fn need(slot: &Arc<Slot>) -> Need {
    if Arc::strong_count(slot) > 1 {
        return Need::Held;
    }
    match slot.open_until() {
        None => Need::Idle,
        Some(Some(until)) => Need::Until(until),
        Some(None) => Need::ForGood,
    }
}

impl<Q> Clone for Circuits<Q> {
    fn clone(&self) -> Self {
        Self {
            settings: Arc::clone(&self.settings),
            store: match &self.store {
                Store::One(slot) => Store::One(Arc::clone(slot)),
                Store::Keyed(keyed) => Store::Keyed(Arc::clone(keyed)),
            },
        }
    }
}

impl<Q> fmt::Debug for Circuits<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circuits")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
