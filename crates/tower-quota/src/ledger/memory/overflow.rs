use std::sync::Arc;

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
        if let Some((_, key)) = keys.iter().find(|(others, _)| others == limits) {
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
}
