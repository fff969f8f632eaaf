//! Where is a model not served?

use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::time::Instant;

/// So many are remembered at most. Each is a model that one Region has and another has not.
const MOST: usize = 1024;

/// How long others wait for what comes of the one call that tries again.
const TRIAL: Duration = Duration::from_secs(60);

/// Whoever wants it for ever gets a hundred years, which clocks can count.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The `"region/model"`s that calls stay away from, since the model is not served there.
#[derive(Debug)]
pub(crate) struct LeftOut {
    until: HashMap<Arc<str>, Instant>,
    time: Duration,
}

impl LeftOut {
    /// One where each is left out for `time`.
    pub(crate) fn new(time: Duration) -> Self {
        let until = HashMap::new();
        Self { until, time }
    }

    /// Whether calls stay away.
    pub(crate) fn avoids(&self, key: &str, now: Instant) -> bool {
        self.until.get(key).is_some_and(|until| *until > now)
    }

    /// A call goes there. When the time is over it tries, and others still stay away for a while.
    pub(crate) fn goes_to(&mut self, key: &str, now: Instant) {
        if let Some(until) = self.until.get_mut(key).filter(|until| **until <= now) {
            *until = now + TRIAL.min(self.time);
        }
    }

    /// It is not served there, and elsewhere it is. Says whether that is news.
    pub(crate) fn leave_out(&mut self, key: &Arc<str>, now: Instant) -> bool {
        let is_news = !self.until.contains_key(key);
        if is_news && self.until.len() >= MOST {
            self.forget_one();
        }
        let until = now.checked_add(self.time.min(LONGEST)).unwrap_or(now);
        self.until.insert(Arc::clone(key), until);
        is_news
    }

    /// It was served there. Says whether that is news.
    pub(crate) fn serves(&mut self, key: &str) -> bool {
        self.until.remove(key).is_some()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.until.is_empty()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Arc<str>> {
        self.until.keys()
    }

    /// The one that would be tried first.
    fn forget_one(&mut self) {
        let first = self.until.iter().min_by_key(|(_, until)| **until);
        if let Some(key) = first.map(|(key, _)| Arc::clone(key)) {
            self.until.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TIME: Duration = Duration::from_secs(600);

    #[test]
    fn one_call_in_a_while_tries_again() {
        let mut left_out = LeftOut::new(TIME);
        let key: Arc<str> = "us-west-2/a.model".into();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(!left_out.avoids(&key, start));
        assert!(left_out.leave_out(&key, start));
        assert!(left_out.avoids(&key, after(599)));
        left_out.goes_to(&key, after(599));
        assert!(!left_out.avoids(&key, after(600)));
        left_out.goes_to(&key, after(600));
        assert!(left_out.avoids(&key, after(600)), "others");
        assert!(left_out.avoids(&key, after(659)));
        // The trial came to nothing.
        assert!(!left_out.avoids(&key, after(660)));
        assert!(!left_out.leave_out(&key, after(661)), "known");
        assert!(left_out.avoids(&key, after(1260)));
        assert!(!left_out.avoids(&key, after(1261)));
        assert!(left_out.serves(&key));
        assert!(!left_out.serves(&key));
        assert!(!left_out.avoids(&key, after(1261)));
    }

    #[test]
    fn it_is_bounded() {
        let mut left_out = LeftOut::new(TIME);
        let start = Instant::now();
        let key = |number: usize| Arc::<str>::from(format!("us-east-1/{number}"));
        for number in 0..3 * MOST {
            let now = start + Duration::from_millis(number as u64);
            left_out.leave_out(&key(number), now);
        }
        assert_eq!(left_out.until.len(), MOST);
        assert!(left_out.avoids(&key(3 * MOST - 1), start));
        assert!(!left_out.avoids(&key(0), start));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Goes,
        IsMissing,
        IsServed,
        Passes(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => Just(Step::Goes),
            1 => Just(Step::IsMissing),
            1 => Just(Step::IsServed),
            2 => (1_u64..400).prop_map(Step::Passes),
        ]
    }

    proptest! {
        /// The plainest model: from when it is missing no call goes there for the time, then one a
        /// minute.
        #[test]
        fn calls_stay_away_for_the_time_and_one_a_minute_tries(
            steps in proptest::collection::vec(step(), 0..60),
        ) {
            let mut left_out = LeftOut::new(TIME);
            let key: Arc<str> = "us-west-2/a.model".into();
            let mut now = Instant::now();
            let mut free_at: Option<Instant> = None;
            for step in steps {
                match step {
                    Step::Goes => {
                        let avoids = free_at.is_some_and(|at| now < at);
                        prop_assert_eq!(left_out.avoids(&key, now), avoids);
                        left_out.goes_to(&key, now);
                        if free_at.is_some() && !avoids {
                            free_at = Some(now + TRIAL);
                        }
                    }
                    Step::IsMissing => {
                        prop_assert_eq!(left_out.leave_out(&key, now), free_at.is_none());
                        free_at = Some(now + TIME);
                    }
                    Step::IsServed => {
                        prop_assert_eq!(left_out.serves(&key), free_at.take().is_some());
                    }
                    Step::Passes(seconds) => now += Duration::from_secs(seconds),
                }
                prop_assert_eq!(left_out.is_empty(), free_at.is_none());
                prop_assert_eq!(left_out.keys().count(), usize::from(free_at.is_some()));
            }
        }
    }
}
