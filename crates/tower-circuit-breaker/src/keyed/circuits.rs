use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use tokio::time::Instant;

use super::idle_keys::{Keyed, Need};
use crate::handle::Handle;
use crate::settings::Settings;
use crate::shared::{Lane, Lanes, Mutex, Slot, lock};

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
    One(Lanes),
    Keyed(Arc<Mutex<Keyed<Q, Arc<Lane>>>>),
}

impl<Q> Circuits<Q> {
    pub(crate) fn one(settings: Settings) -> Self {
        let settings = Arc::new(settings);
        let slot = Slot::new(
            Arc::clone(&settings),
            None,
            settings.seed,
            Lanes::count(),
            Instant::now(),
        );
        Self {
            settings,
            store: Store::One(Lanes::new(slot)),
        }
    }

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
            Store::One(_) => Self::one(settings),
            Store::Keyed(_) => Self::keyed(settings),
        }
    }

    /// The circuit of `key`, made closed where there was none.
    ///
    /// It is kept as long as the handle lives.
    #[must_use]
    pub fn handle(&self, key: &Q) -> Handle {
        Handle::new(self.lane_of(|| key.clone()))
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

    /// The way to the circuit that decides; a single circuit does not ask for the key.
    #[inline]
    pub(crate) fn lane_of(&self, key: impl FnOnce() -> Q) -> Arc<Lane> {
        match &self.store {
            Store::One(lanes) => Arc::clone(lanes.here()),
            Store::Keyed(keyed) => self.lane_to(keyed, &key()),
        }
    }

    #[inline(never)]
    fn lane_to(&self, keyed: &Mutex<Keyed<Q, Arc<Lane>>>, key: &Q) -> Arc<Lane> {
        let mut keyed = lock(keyed);
        let seed = keyed.len() as u64;
        keyed.get_or_insert(key, || self.lane(key, seed), need)
    }

    /// One lane is enough: calls meet at the lock around the keys anyway.
    fn lane(&self, key: &Q, nth: u64) -> Arc<Lane> {
        Lane::only(Slot::new(
            Arc::clone(&self.settings),
            Some(key.to_string().into()),
            self.settings.seed.map(|seed| seed.wrapping_add(nth)),
            1,
            Instant::now(),
        ))
    }
}

/// Whoever holds a lane got it from the map, under its lock, or from another holder: a count of
/// one means that only the map is left.
fn need(lane: &Arc<Lane>) -> Need {
    if Arc::strong_count(lane) > 1 {
        return Need::Held;
    }
    match lane.slot().open_until() {
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
                Store::One(lanes) => Store::One(lanes.clone()),
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
