use tokio::time::Instant;

/// Decides when a store looks for expired entries, so that these do not keep others out: now and then as
/// it is filled, at most once for each eighth of its entries that came in. Plain data.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// Entries that come in until the next look.
    left: u64,
    /// No entry expires earlier.
    earliest: Option<Instant>,
}

impl Sweep {
    /// Notes an entry that comes in, and says whether it is time for a look.
    pub(super) fn insert(&mut self, expires_at: Option<Instant>) -> bool {
        self.expire(expires_at);
        self.left = self.left.saturating_sub(1);
        self.left == 0
    }

    /// Notes what a look found: the `entries` that there are, and whether their bound is near. Says
    /// whether to remove the expired ones, which takes a walk over all of them.
    pub(super) fn look(&mut self, entries: u64, nearly_full: bool, now: Instant) -> bool {
        self.left = (entries / 8).max(1);
        let expired = self.earliest.is_some_and(|earliest| earliest <= now);
        let sweeps = nearly_full && expired;
        if sweeps {
            // The walk notes anew what it leaves.
            self.earliest = None;
        }
        sweeps
    }

    /// Notes when an entry expires that is there.
    pub(super) fn expire(&mut self, at: Option<Instant>) {
        self.earliest = match (self.earliest, at) {
            (Some(earliest), Some(at)) => Some(earliest.min(at)),
            (earliest, at) => earliest.or(at),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn walks_are_rare_and_only_for_expired_entries_of_a_full_store() {
        let now = Instant::now();
        let later = now + Duration::from_secs(60);
        let mut sweep = Sweep::default();
        assert!(sweep.insert(Some(later)));
        assert!(!sweep.look(80, true, now), "nothing is expired");
        let looks = (0..100).filter(|_| sweep.insert(Some(later + Duration::from_secs(1))));
        assert_eq!(
            looks.count(),
            100 - 9,
            "from the tenth on, until it has looked"
        );
        assert!(!sweep.look(80, false, later), "there is room");
        assert!(sweep.look(80, true, later));
        assert!(
            !sweep.look(80, true, later),
            "none of those that are left was noted"
        );
        sweep.expire(Some(later));
        sweep.expire(None);
        assert!(sweep.look(80, true, later));
    }
}
