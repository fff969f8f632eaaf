use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::key_map::{Bounds, KeyMap, Need};
use crate::circuit::{Circuit, Kept};
use crate::handle::Handle;
use crate::settings::Settings;
use crate::shared::{Mutex, Shard, Shards, SharedCircuit, lock};
use crate::snapshot::Snapshot;
use crate::telemetry;

/// The circuits of one layer value, by key.
///
/// A circuit is made for a key when it is first asked for. It is idle if nobody holds it, neither a
/// call nor a [`Handle`], and it is closed, half-open, or its open time is over. One that is open,
/// or forced open or closed, is not, however long nobody asks for it.
///
/// With more than [`max_idle_keys`](crate::CircuitBreakerLayer::max_idle_keys) idle circuits a new
/// key evicts one or two that were unused for long. With
/// [`max_keys`](crate::CircuitBreakerLayer::max_keys) circuits, none of which is found idle, calls
/// of other keys pass uncounted, as if there were no breaker: one circuit for all of them would
/// reject the calls of keys that are well.
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
    Keyed(Arc<Keyed<Q>>),
}

struct Keyed<Q> {
    map: Mutex<Map<Q>>,
    /// Counts nothing and rejects nothing: for the keys that there is no room for.
    uncounted: Arc<Shard>,
}

struct Map<Q> {
    circuits: KeyMap<Q, Arc<Shard>>,
    made: u64,
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

    /// The shard of this thread; `None` with a circuit for each key.
    pub(crate) fn single_shard(&self) -> Option<Arc<Shard>> {
        match &self.store {
            Store::One(shards) => Some(Arc::clone(shards.of_this_thread())),
            Store::Keyed(_) => None,
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl<Q: Hash + Eq + Clone + fmt::Display> Circuits<Q> {
    pub(crate) fn keyed(settings: Settings) -> Self {
        let bounds = Bounds {
            idle: settings.max_idle_keys,
            all: settings.max_keys,
        };
        let settings = Arc::new(settings);
        let uncounted = SharedCircuit::new(Arc::clone(&settings), Some("".into()), None, 1);
        uncounted.change(Circuit::force_closed);
        Self {
            store: Store::Keyed(Arc::new(Keyed {
                map: Mutex::new(Map {
                    circuits: KeyMap::new(bounds),
                    made: 0,
                }),
                uncounted: Shard::single(uncounted),
            })),
            settings,
        }
    }

    /// The same kind of store, empty, under other settings.
    pub(crate) fn renewed(&self, settings: Settings) -> Self {
        match self.store {
            Store::One(_) => Self::one(settings),
            Store::Keyed(_) => Self::keyed(settings),
        }
    }

    /// The circuit of `key`: a new one, closed, if there was none, even beyond
    /// [`max_keys`](crate::CircuitBreakerLayer::max_keys).
    ///
    /// It is kept as long as the handle lives, or the circuit is forced open or closed by it.
    #[must_use]
    pub fn handle(&self, key: &Q) -> Handle {
        self.settings.taken.set();
        Handle::new(match &self.store {
            Store::One(shards) => Arc::clone(shards.of_this_thread()),
            Store::Keyed(keyed) => self.shard_of_key(keyed, key, usize::MAX),
        })
    }

    /// How long calls of `key` would be rejected from now on: zero if the next one is let through, or
    /// there is no circuit, and none is made by the question.
    ///
    /// It is the [`retry_after`](crate::Open::retry_after) that such a call would get, so the rest of
    /// the open time; of a circuit that was forced open without an end it is [`Duration::MAX`]. One that
    /// has just closed and [ramps](crate::CircuitBreakerLayer::ramp) up counts as one that lets calls through.
    ///
    /// It is no use of the circuit and counts as no rejection, allocates nothing, and takes no lock of the
    /// circuit while that is closed: enough to ask it before each call, which of two keys to take.
    #[must_use]
    pub fn rejects_for(&self, key: &Q) -> Duration {
        let shard = match &self.store {
            Store::One(shards) => Arc::clone(shards.of_this_thread()),
            Store::Keyed(keyed) => match lock(&keyed.map).circuits.peek(key) {
                Some(shard) => Arc::clone(shard),
                None => return Duration::ZERO,
            },
        };
        if shard.admits_all() {
            return Duration::ZERO;
        }
        shard.circuit().rejects_for()
    }

    /// The keys that have a circuit at the moment, in no order; none where all requests share one
    /// circuit.
    #[must_use]
    pub fn keys(&self) -> Vec<Q> {
        match &self.store {
            Store::One(_) => Vec::new(),
            Store::Keyed(keyed) => lock(&keyed.map).circuits.keys().cloned().collect(),
        }
    }

    /// The circuits there are, where requests have keys, of those keys that are `wanted`. It is no use
    /// of them: none is made, and the one that is unused for longest stays so.
    #[cfg(feature = "metrics")]
    pub(crate) fn some(&self, mut wanted: impl FnMut(&Q) -> bool) -> Vec<(Q, Arc<Shard>)> {
        let Store::Keyed(keyed) = &self.store else {
            return Vec::new();
        };
        let map = lock(&keyed.map);
        let rows = map.circuits.rows().filter(|(key, _)| wanted(key));
        rows.map(|(key, shard)| (key.clone(), Arc::clone(shard)))
            .collect()
    }

    /// How many keys have a circuit.
    #[cfg(feature = "metrics")]
    pub(crate) fn len(&self) -> usize {
        match &self.store {
            Store::One(_) => 0,
            Store::Keyed(keyed) => lock(&keyed.map).circuits.len(),
        }
    }

    /// The shard by which a call reaches its circuit. With a single circuit the key is not even
    /// made.
    #[inline]
    pub(crate) fn shard_of(&self, key: impl FnOnce() -> Q) -> Arc<Shard> {
        match &self.store {
            Store::One(shards) => Arc::clone(shards.of_this_thread()),
            Store::Keyed(keyed) => self.shard_of_key(keyed, &key(), self.settings.max_keys),
        }
    }

    /// Not inlined: a single circuit's calls should not carry this code along.
    #[inline(never)]
    fn shard_of_key(&self, keyed: &Keyed<Q>, key: &Q, most: usize) -> Arc<Shard> {
        let mut map = lock(&keyed.map);
        if let Some(shard) = map.circuits.get(key) {
            return shard;
        }
        let now = Instant::now();
        let evicted = map.circuits.make_room(now, |shard| need(shard, now));
        let shard = if map.circuits.len() < most {
            map.made += 1;
            let shard = self.shard(key, map.made);
            map.circuits.insert(key, Arc::clone(&shard));
            Some(shard)
        } else {
            None
        };
        drop(map);
        drop(evicted);
        shard.unwrap_or_else(|| {
            telemetry::uncounted(self.settings.name);
            Arc::clone(&keyed.uncounted)
        })
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
fn need(shard: &Arc<Shard>, now: Instant) -> Need {
    if Arc::strong_count(shard) > 1 {
        return Need::Needed;
    }
    match shard.circuit().kept_until(now) {
        Kept::Not => Need::Idle,
        Kept::Until(until) => Need::Until(until),
        Kept::ForGood => Need::Needed,
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
                debug.field("keys", &lock(&keyed.map).circuits.len());
            }
        }
        debug.finish()
    }
}
