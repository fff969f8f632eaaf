use std::time::Duration;

use tokio::time::Instant;

/// So many failures in a row make an outage: one may be a connection that has to be made anew.
const FAILURES: u32 = 3;
/// How long nothing is asked then; doubled by each further failure.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(4);

/// Whether the remote store is asked: in an outage not each call is to wait for it to fail. Plain data.
#[derive(Debug, Default)]
pub(super) struct Outage {
    /// Failures in a row.
    failures: u32,
    pause: Option<Pause>,
}

#[derive(Debug)]
struct Pause {
    until: Instant,
    length: Duration,
    /// Whether one was asked since, to see whether it is over.
    probed: bool,
}

impl Outage {
    /// Whether a question may be asked now. After a pause one is, and the others once that has succeeded.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        let Some(pause) = &mut self.pause else {
            return true;
        };
        if now < pause.until {
            return false;
        }
        // Should this one never end, another is asked after as long a pause.
        pause.until = now + pause.length;
        pause.probed = true;
        true
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    pub(super) fn failed(&mut self, now: Instant) {
        let length = match &self.pause {
            None => {
                self.failures += 1;
                if self.failures < FAILURES {
                    return;
                }
                FIRST
            }
            // It was under way when the pause began.
            Some(pause) if !pause.probed => return,
            Some(pause) => (pause.length * 2).min(LONGEST),
        };
        self.pause = Some(Pause {
            until: now + length,
            length,
            probed: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_after_three_failures_in_a_row_grow_with_each_probe_that_fails() {
        let mut outage = Outage::default();
        let mut now = Instant::now();
        outage.failed(now);
        outage.failed(now);
        outage.succeeded();
        for _ in 0..FAILURES {
            assert!(outage.admits(now));
            outage.failed(now);
        }
        // One that was under way.
        outage.failed(now);
        for millis in [250, 500, 1000, 2000, 4000, 4000] {
            now += Duration::from_millis(millis);
            assert!(!outage.admits(now - Duration::from_millis(1)));
            assert!(outage.admits(now));
            assert!(!outage.admits(now), "a second one");
            outage.failed(now);
        }
        outage.succeeded();
        assert!(outage.admits(now));
    }

    #[test]
    fn probe_that_never_ends_does_not_end_the_questions() {
        let mut outage = Outage::default();
        let now = Instant::now();
        (0..FAILURES).for_each(|_| outage.failed(now));
        assert!(outage.admits(now + FIRST));
        assert!(outage.admits(now + 2 * FIRST));
    }
}
