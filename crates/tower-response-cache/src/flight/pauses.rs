use std::{collections::HashMap, hash::Hash, time::Duration};

use tokio::time::Instant;

/// After the first failure; each further one doubles it.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// With so many keys those are forgotten that have not failed for long.
const MANY: usize = 1024;

/// Keys whose last call in the background failed, and when the next one may be made: the stale answer that
/// each caller gets meanwhile must not cost a call each time. Plain data.
#[derive(Debug)]
pub(super) struct Pauses<K> {
    by_key: HashMap<K, Pause>,
    /// With how many keys the old ones are looked for.
    look_at: usize,
}

#[derive(Debug)]
struct Pause {
    length: Duration,
    until: Instant,
}

impl<K> Default for Pauses<K> {
    fn default() -> Self {
        Self {
            by_key: HashMap::new(),
            look_at: MANY,
        }
    }
}

impl<K: Hash + Eq> Pauses<K> {
    pub(super) fn is_over(&self, key: &K, now: Instant) -> bool {
        self.by_key.get(key).is_none_or(|pause| pause.until <= now)
    }

    pub(super) fn fail(&mut self, key: K, now: Instant) {
        if self.by_key.len() >= self.look_at {
            self.by_key.retain(|_, pause| now < pause.until + LONGEST);
            // Twice what is left, so that in an outage of many keys not each failure looks at all of them.
            self.look_at = MANY.max(2 * self.by_key.len());
        }
        let pause = self.by_key.entry(key);
        let pause = pause
            .and_modify(|pause| pause.length = (pause.length * 2).min(LONGEST))
            .or_insert(Pause {
                length: FIRST,
                until: now,
            });
        pause.until = now + pause.length;
    }

    pub(super) fn succeed(&mut self, key: &K) {
        self.by_key.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_each_failure_up_to_a_minute_and_end_with_a_success() {
        let mut pauses = Pauses::default();
        let mut now = Instant::now();
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert!(pauses.is_over(&"a", now));
            pauses.fail("a", now);
            assert!(pauses.is_over(&"b", now));
            now += Duration::from_secs(seconds);
            assert!(!pauses.is_over(&"a", now - Duration::from_nanos(1)));
        }
        pauses.succeed(&"a");
        pauses.fail("a", now);
        assert!(pauses.is_over(&"a", now + FIRST));
    }

    #[test]
    fn old_failures_are_forgotten_when_there_are_many() {
        let mut pauses = Pauses::default();
        let now = Instant::now();
        for key in 0..MANY {
            pauses.fail(key, now);
        }
        pauses.fail(MANY, now + FIRST + LONGEST);
        assert_eq!(pauses.by_key.len(), 1);
        // After each look as many more come in as it has left.
        let now = now + FIRST + LONGEST;
        for key in 0..10 * MANY {
            pauses.fail(key, now);
        }
        assert_eq!(pauses.look_at, 16 * MANY);
        let now = now + 3 * LONGEST;
        for key in 10 * MANY..=16 * MANY {
            assert_eq!(pauses.by_key.len(), key);
            pauses.fail(key, now);
        }
        assert!(pauses.by_key.len() < 8 * MANY, "{}", pauses.by_key.len());
    }
}
