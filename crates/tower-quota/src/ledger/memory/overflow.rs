use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::key_state::KeyState;
use super::key_table::Idle;
use super::sync::{Mutex, lock};
use crate::limit::Limits;

/// Limits come from a program and are seldom of many kinds. They may be, or change again and again,
/// so this is bounded too.
const KINDS: usize = 64;

/// What keys share that the table has no room for: a key for each kind of limits.
#[derive(Default)]
pub(crate) struct Overflow {
    keys: Mutex<Vec<(Limits, Arc<KeyState>)>>,
    told: AtomicBool,
}

impl Overflow {
    /// The text of a key that stands for many. It is not for one caller to know another's.
    pub(crate) const TEXT: &str = "other keys";

    pub(crate) fn share(
        &self,
        limits: &Limits,
        make: impl FnOnce() -> Arc<KeyState>,
        idle: impl Fn(&Arc<KeyState>) -> Idle,
    ) -> Arc<KeyState> {
        let mut keys = lock(&self.keys);
        if let Some(key) = of(&keys, limits) {
            return Arc::clone(key);
        }
        if keys.len() == KINDS {
            keys.retain(|(_, key)| !matches!(idle(key), Idle::Since(_)));
        }
        if keys.len() == KINDS {
            // The rest shares one.
            return Arc::clone(&keys[0].1);
        }
        let key = make();
        keys.push((limits.clone(), Arc::clone(&key)));
        key
    }

    /// The key that others with these limits share, if any do.
    pub(crate) fn find(&self, limits: &Limits) -> Option<Arc<KeyState>> {
        of(&lock(&self.keys), limits).map(Arc::clone)
    }

    pub(crate) fn keys(&self) -> Vec<Arc<KeyState>> {
        lock(&self.keys)
            .iter()
            .map(|(_, key)| Arc::clone(key))
            .collect()
    }

    /// Whether this is the first time that it is asked.
    pub(crate) fn is_news(&self) -> bool {
        // Nothing else is ordered by it.
        !self.told.load(Ordering::Relaxed) && !self.told.swap(true, Ordering::Relaxed)
    }
}

fn of<'a>(keys: &'a [(Limits, Arc<KeyState>)], limits: &Limits) -> Option<&'a Arc<KeyState>> {
    let same = keys.iter().find(|(others, _)| others == limits);
    same.map(|(_, key)| key)
}
