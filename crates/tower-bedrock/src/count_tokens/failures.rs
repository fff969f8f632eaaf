use super::snapshot::CountTokensSnapshot;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::time::Instant;

/// The models that are not to be asked for a while, and what became of the requests so far: both under
/// one lock, so that a snapshot is of one moment.
#[derive(Debug, Default)]
pub(super) struct Failures {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    until: HashMap<Box<str>, Instant>,
    counts: CountTokensSnapshot,
}

/// More models than that are not remembered: ids may come from outside, and each request of a
/// forgotten one costs a failed count at most.
const MOST: usize = 1024;

impl Failures {
    /// Whether `model` may be asked at `now`; a refusal is counted.
    pub(super) fn may_ask(&self, model: &str, now: Instant) -> bool {
        let mut state = self.lock();
        match state.until.get(model) {
            Some(until) if now < *until => {
                state.counts.paused += 1;
                false
            }
            Some(_) => {
                state.until.remove(model);
                true
            }
            None => true,
        }
    }

    pub(super) fn counted(&self) {
        self.lock().counts.counted += 1;
    }

    /// A count failed at `now`. Its model is not asked again before `until`, if that is set.
    pub(super) fn failed(&self, model: Box<str>, now: Instant, until: Option<Instant>) {
        let mut state = self.lock();
        state.counts.failed += 1;
        let Some(until) = until else {
            return;
        };
        if state.until.len() >= MOST {
            state.until.retain(|_, until| now < *until);
        }
        if state.until.len() < MOST {
            state.until.insert(model, until);
        }
    }

    pub(super) fn snapshot(&self) -> CountTokensSnapshot {
        self.lock().counts
    }

    /// Nothing foreign runs under the lock, so a poisoned one is whole all the same.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_model_is_asked_again_when_its_time_has_come() {
        let (failures, now) = (Failures::default(), Instant::now());
        assert!(failures.may_ask("a", now));
        failures.failed("a".into(), now, Some(now + MINUTE));
        assert!(!failures.may_ask("a", now + MINUTE - Duration::from_nanos(1)));
        assert!(failures.may_ask("b", now));
        assert!(failures.may_ask("a", now + MINUTE));
        assert_eq!(
            (failures.snapshot().failed, failures.snapshot().paused),
            (1, 1)
        );
    }

    #[test]
    fn the_number_of_models_is_bounded() {
        let (failures, now) = (Failures::default(), Instant::now());
        let until = Some(now + MINUTE);
        for n in 0..=MOST {
            failures.failed(n.to_string().into(), now, until);
        }
        assert!(!failures.may_ask("0", now));
        assert!(failures.may_ask(&MOST.to_string(), now));
        failures.failed("late".into(), now + MINUTE, Some(now + 2 * MINUTE));
        assert!(!failures.may_ask("late", now + MINUTE));
        assert_eq!(failures.lock().until.len(), 1);
    }
}
