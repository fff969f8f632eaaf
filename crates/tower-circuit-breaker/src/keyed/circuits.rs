use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use super::key_map::{KeyMap, Need};
use crate::handle::Handle;
use crate::settings::Settings;
use crate::shared::{Mutex, Shard, Shards, SharedCircuit, lock};
use crate::snapshot::Snapshot;

/// The circuits of one layer value, by key.
///
/// A circuit is made for a key when it is first asked for. A circuit is idle if it is closed and
/// nobody holds it, neither a call nor a [`Handle`]. When a new key comes and there are
/// [`max_idle_keys`](crate::CircuitBreakerLayer::max_idle_keys) circuits or more, the idle ones
/// unused for longest are forgotten; an open or half-open one only if no idle one is left, and then
/// the one whose open time ends first. A circuit that somebody holds is never forgotten, so calls
/// under way can keep more circuits than that.
///
/// # Clone
///
/// Clones see the same circuits.
pub struct Circuits<Q> {
    settings: Arc<Settings>,
    store: Store<Q>,
}

enum Store<Q> {
    One(Shards),
    Keyed(Arc<Mutex<KeyMap<Q, Arc<Shard>>>>),
}

impl<Q> Circuits<Q> {
    pub(crate) fn one(settings: Settings) -> Self {
        let settings = Arc::new(settings);
        let circuit =
            SharedCircuit::new(Arc::clone(&settings), None, settings.seed, Shards::count());
        Self {
            settings,
            store: Store::One(Shards::new(circuit)),
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl<Q: Hash + Eq + Clone + fmt::Display> Circuits<Q> {
    pub(crate) fn keyed(settings: Settings) -> Self {
        Self {
            store: Store::Keyed(Arc::new(Mutex::new(KeyMap::new(settings.max_idle_keys)))),
            settings: Arc::new(settings),
        }
    }

    /// The same kind of store, empty, under other settings.
    pub(crate) fn renewed(&self, settings: Settings) -> Self {
        match self.store {
            Store::One(_) => Self::one(settings),
            Store::Keyed(_) => Self::keyed(settings),
        }
    }

    /// The circuit of `key`: a new one, closed, if there was none.
    ///
    /// It is kept as long as the handle lives.
    #[must_use]
    pub fn handle(&self, key: &Q) -> Handle {
        self.settings.taken.set();
        Handle::new(self.shard_of(|| key.clone()))
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

    /// The shard by which a call reaches its circuit. With a single circuit the key is not even
    /// made.
    #[inline]
    pub(crate) fn shard_of(&self, key: impl FnOnce() -> Q) -> Arc<Shard> {
        match &self.store {
            Store::One(shards) => Arc::clone(shards.of_this_thread()),
            Store::Keyed(keyed) => self.shard_of_key(keyed, &key()),
        }
    }

    /// Not inlined: a single circuit's calls should not carry this code along.
    #[inline(never)]
    fn shard_of_key(&self, keyed: &Mutex<KeyMap<Q, Arc<Shard>>>, key: &Q) -> Arc<Shard> {
        let mut keyed = lock(keyed);
        let seed = keyed.len() as u64;
        keyed.get_or_insert(key, || self.shard(key, seed), need)
    }

    /// One shard is enough: calls meet at the lock around the keys anyway.
    fn shard(&self, key: &Q, nth: u64) -> Arc<Shard> {
        Shard::single(SharedCircuit::new(
            Arc::clone(&self.settings),
            Some(key.to_string().into()),
            // Each has a seed of its own: with one for all, circuits that open together would probe
            // together.
            self.settings.seed.map(|seed| seed.wrapping_add(nth)),
            1,
        ))
    }
}

/// Whoever holds a shard got it from the map, under its lock, or from another holder: a count of
/// one means that only the map is left.
fn need(shard: &Arc<Shard>) -> Need {
    if Arc::strong_count(shard) > 1 {
        return Need::Held;
    }
    match shard.circuit().open_until() {
        None => Need::Idle,
        Some(Some(until)) => Need::Until(until),
        Some(None) => Need::ForGood,
    }
}

impl<Q> Clone for Circuits<Q> {
    fn clone(&self) -> Self {
        self.settings.taken.set();
        Self {
            settings: Arc::clone(&self.settings),
            store: match &self.store {
                Store::One(shards) => Store::One(shards.clone()),
                Store::Keyed(keyed) => Store::Keyed(Arc::clone(keyed)),
            },
        }
    }
}

impl<Q> fmt::Debug for Circuits<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Circuits");
        match &self.store {
            Store::One(shards) => {
                let circuit = shards.of_this_thread().circuit();
                debug.field("snapshot", &circuit.change(Snapshot::of));
            }
            Store::Keyed(keyed) => {
                debug.field("keys", &lock(keyed).len());
            }
        }
        debug.finish()
    }
}
