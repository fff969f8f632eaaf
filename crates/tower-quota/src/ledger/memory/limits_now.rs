use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::limit::{Limits, LimitsOf};

/// Which limits keys have at present: those that a key was given, or what the layer says of it.
pub(crate) struct LimitsNow<K> {
    all: Arc<dyn LimitsOf<K> + Send + Sync>,
    own: HashMap<K, Limits>,
    /// Goes up with each change: who made a key meanwhile made it with old limits.
    pub(crate) version: u64,
    /// No key admits calls any more, whatever its limits.
    pub(crate) closed: bool,
}

/// What says the limits of one key, taken out of the lock: it is foreign code.
pub(crate) enum Source<K> {
    Own(Limits),
    All(Arc<dyn LimitsOf<K> + Send + Sync>),
}

impl<K> LimitsNow<K> {
    pub(crate) fn new(all: Arc<dyn LimitsOf<K> + Send + Sync>) -> Self {
        Self {
            all,
            own: HashMap::new(),
            version: 0,
            closed: false,
        }
    }
}

impl<K: Hash + Eq + Clone> LimitsNow<K> {
    pub(crate) fn source(&self, key: &K) -> Source<K> {
        match self.own.get(key) {
            Some(limits) => Source::Own(limits.clone()),
            None => Source::All(Arc::clone(&self.all)),
        }
    }

    pub(crate) fn set(&mut self, key: &K, limits: Limits) {
        self.own.insert(key.clone(), limits);
        self.version += 1;
    }

    pub(crate) fn set_all(&mut self, all: Arc<dyn LimitsOf<K> + Send + Sync>) {
        self.all = all;
        self.own.clear();
        self.version += 1;
    }
}

impl<K> Source<K> {
    pub(crate) fn limits(self, key: &K) -> Limits {
        match self {
            Self::Own(limits) => limits,
            Self::All(all) => all.limits(key),
        }
    }
}
