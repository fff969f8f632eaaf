use super::{Advice, Record, Snapshot, settings::Settings, tally::Tally, telemetry};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts calls and tokens for each key `"region/model"`, and says once for each where
/// `max_tokens` is better set, or set lower.
///
/// It says so when
///
/// * `max_tokens` was unset in 20 calls, or
/// * the answers reserved more than 3 times the tokens that they were charged, after 20 answers,
///
/// and the value that the answers suggest is less than what they reserve. It suggests the 99th
/// percentile of the output tokens, with 20 % on top, rounded up to two digits: 1.2 to 1.5 times
/// the percentile. An answer that `max_tokens` cut off counts there as twice as long as it came
/// out, for it wanted to be longer.
///
/// What it says goes to [`on_advice`](Self::on_advice), with the feature `tracing` to an event at
/// level `warn`, and can be asked for at any time. It knows nothing of prompts and answers but
/// their lengths.
///
/// # Clone
///
/// Clones share the counts: each is a handle of the others.
///
/// # Knobs
///
/// Knobs come first: once a handle, a clone or a service of this layer exists, turning a knob
/// panics, since those would go on with other settings. A [`TokenCost`](crate::policy::TokenCost)
/// that tells the monitor holds a clone of it.
#[derive(Clone)]
pub struct Monitor {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    counts: Mutex<Counts>,
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
            }),
        }
    }

    /// After how many answers, or calls without `max_tokens`, there can be advice. Default: 20.
    #[must_use]
    #[track_caller]
    pub fn after(mut self, calls: u64) -> Self {
        self.settings().after = calls;
        self
    }

    /// How many times more than it is charged an answer may reserve, on average, before there is
    /// advice. Default: 3.
    #[must_use]
    #[track_caller]
    pub fn over_reservation(mut self, ratio: f64) -> Self {
        self.settings().over_reservation = ratio;
        self
    }

    /// How many keys to count at most, of about 1.5 kilobytes each. Default: 1024.
    ///
    /// Keys are never forgotten; calls of further ones are [`untracked`](Self::untracked).
    #[must_use]
    #[track_caller]
    pub fn max_keys(mut self, keys: usize) -> Self {
        self.settings().max_keys = keys;
        self
    }

    /// Gives each advice to `tell` as well, once for each key. Default: nobody is told.
    ///
    /// It is called by the task whose call gave rise to the advice, and should not block.
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
        drop(counts);
        if let Some(advice) = advice {
            telemetry::advice(&advice);
            if let Some(tell) = &settings.on_advice {
                tell(&advice);
            }
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

    /// The advice that there is now, by key in order, from all that was counted by now.
    #[must_use]
    pub fn advice(&self) -> Vec<Advice> {
        let counts = self.counts();
        let keys = counts.keys.iter();
        let advice = keys.filter_map(|(key, tally)| tally.advice(key, &self.shared.settings));
        let mut advice: Vec<_> = advice.collect();
        drop(counts);
        advice.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        advice
    }

    /// How many calls were of keys above [`max_keys`](Self::max_keys), and not counted.
    #[must_use]
    pub fn untracked(&self) -> u64 {
        self.counts().untracked
    }

    /// The settings, as long as nobody else goes by them.
    #[track_caller]
    fn settings(&mut self) -> &mut Settings {
        let shared = Arc::get_mut(&mut self.shared);
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

impl Default for Monitor {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
