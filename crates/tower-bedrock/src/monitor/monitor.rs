use super::{advice::Advice, record::Record, settings::Settings, snapshot::Snapshot, tally::Tally};
use crate::telemetry;
use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Counts calls and tokens for each key `"region/model"`, and advises, once for each key, to set
/// `max_tokens` or to lower it.
///
/// There is advice when
///
/// * 20 calls set no `max_tokens`, or
/// * 20 answers reserved more than 3 times the tokens that they were charged,
///
/// and a lower value would have been enough. That value is the 99th percentile of the answers'
/// output tokens plus 20 %, rounded up to two digits: 1.2 to 1.5 times the percentile. An answer
/// that `max_tokens` cut off counts as twice its length, since its full length is not known.
///
/// Calls of an ARN of which nothing says which model it stands for are advised on at the first one.
///
/// [`on_advice`](Self::on_advice) gets the advice when it is first given, and with the feature
/// `tracing` a `warn` event; [`advice`](Self::advice) returns it at any time. The monitor sees the
/// lengths of prompts and answers, and nothing else of them.
///
/// # Clone
///
/// Clones share the counts: each is a handle of the others.
///
/// # Knobs
///
/// Knobs come first: once a clone of this monitor was taken, turning a knob panics, since it would go
/// on with other settings. A [`TokenCost`](crate::policy::TokenCost)
/// that tells the monitor holds a clone of it.
pub struct Monitor {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    counts: Mutex<Counts>,
    /// Whether a clone was taken.
    taken: AtomicBool,
}

#[derive(Default)]
struct Counts {
    keys: HashMap<Arc<str>, Tally>,
    untracked: u64,
}

impl Monitor {
    /// A monitor that has counted nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                settings: Settings::default(),
                counts: Mutex::default(),
                taken: AtomicBool::new(false),
            }),
        }
    }

    /// Gives advice after this many answers, or calls without `max_tokens`. Default: 20.
    #[must_use]
    #[track_caller]
    pub fn after(mut self, calls: u64) -> Self {
        self.settings().after = calls;
        self
    }

    /// Advises a lower `max_tokens` where answers reserve, on average, more than `ratio` times what
    /// they are charged. Default: 3.
    #[must_use]
    #[track_caller]
    pub fn over_reservation(mut self, ratio: f64) -> Self {
        self.settings().over_reservation = ratio;
        self
    }

    /// Counts at most this many keys, of about 1.5 kilobytes each. Default: 1024.
    ///
    /// No key is ever forgotten. Calls of further keys are [`untracked`](Self::untracked).
    #[must_use]
    #[track_caller]
    pub fn max_keys(mut self, keys: usize) -> Self {
        self.settings().max_keys = keys;
        self
    }

    /// Calls `tell` with the first advice for each key. Default: nobody is told.
    ///
    /// The task whose call caused the advice runs it, so it should not block.
    #[must_use]
    #[track_caller]
    pub fn on_advice(mut self, tell: impl Fn(&Advice) + Send + Sync + 'static) -> Self {
        self.settings().on_advice = Some(Box::new(tell));
        self
    }

    /// Counts one call that has ended.
    pub fn record(&self, key: &Arc<str>, record: Record) {
        let settings = &self.shared.settings;
        let mut counts = self.counts();
        let Some(tally) = counts.tally(key, settings.max_keys) else {
            return;
        };
        tally.record(record);
        let advice = tally.first_advice(key, settings);
        // Whoever is told may ask the monitor back.
        drop(counts);
        if let Some(advice) = advice {
            self.tell(&advice);
        }
    }

    /// Advises, once, to say which model the calls of `key` are of.
    pub(crate) fn unknown(&self, key: &Arc<str>) {
        let mut counts = self.counts();
        let tally = counts.tally(key, self.shared.settings.max_keys);
        let is_news = tally.is_some_and(Tally::is_unknown);
        drop(counts);
        if is_news {
            self.tell(&Advice::unknown(key));
        }
    }

    fn tell(&self, advice: &Advice) {
        telemetry::advice(advice);
        if let Some(tell) = &self.shared.settings.on_advice {
            tell(advice);
        }
    }

    /// What `key` has used since the monitor was made, or `None` if it was never used.
    #[must_use]
    pub fn snapshot(&self, key: &str) -> Option<Snapshot> {
        self.counts().keys.get(key).map(Tally::snapshot)
    }

    /// The keys that were used, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<Arc<str>> {
        let mut keys: Vec<_> = self.counts().keys.keys().cloned().collect();
        keys.sort_unstable();
        keys
    }

    /// The advice for each key, in order, from everything counted so far.
    #[must_use]
    pub fn advice(&self) -> Vec<Advice> {
        let counts = self.counts();
        let keys = counts.keys.iter();
        let advice = keys.flat_map(|(key, tally)| tally.all_advice(key, &self.shared.settings));
        let mut advice: Vec<_> = advice.collect();
        drop(counts);
        advice.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        advice
    }

    /// Calls that were not counted because there were [`max_keys`](Self::max_keys) other keys.
    #[must_use]
    pub fn untracked(&self) -> u64 {
        self.counts().untracked
    }

    /// Whether anybody else has, or had, this monitor.
    pub(crate) fn is_taken(&self) -> bool {
        self.shared.taken.load(Ordering::Relaxed)
    }

    /// The settings, as long as nobody else goes by them.
    #[track_caller]
    fn settings(&mut self) -> &mut Settings {
        let shared =
            Arc::get_mut(&mut self.shared).filter(|shared| !shared.taken.load(Ordering::Relaxed));
        let shared = shared.expect(
            "`Monitor` is already shared: turn its knobs before taking a clone of it or giving it \
             to a `TokenCost`",
        );
        &mut shared.settings
    }

    /// Nothing foreign runs under the lock, so a poisoned one is whole all the same.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        let counts = self.shared.counts.lock();
        counts.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// The tally of `key`, unless there are too many keys.
    fn tally(&mut self, key: &Arc<str>, max_keys: usize) -> Option<&mut Tally> {
        // Not `entry`, which would want a clone of the key for every call.
        if !self.keys.contains_key(key) {
            if self.keys.len() >= max_keys {
                self.untracked = self.untracked.saturating_add(1);
                return None;
            }
            self.keys.insert(Arc::clone(key), Tally::default());
        }
        self.keys.get_mut(key)
    }
}

impl Clone for Monitor {
    fn clone(&self) -> Self {
        // A knob owns the monitor, so whatever handed it over has ordered this store before it.
        self.shared.taken.store(true, Ordering::Relaxed);
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl Default for Monitor {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.counts().keys.len();
        f.debug_struct("Monitor")
            .field("settings", &self.shared.settings)
            .field("keys", &keys)
            .finish()
    }
}
