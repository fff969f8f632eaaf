use super::SECOND;

/// So many throttles, of calls sent one after the other, are enough to reject such calls.
const ENOUGH: usize = 4;
/// Such calls are rejected for so long. Then one is sent to see.
const HOLDS: u64 = 600 * SECOND;
/// The pause after a throttle, as a part of the period, doubled with each that follows to half of it:
/// the sixth comes when a period is over.
const FIRST_PAUSE: u64 = 30;
const DOUBLINGS: u32 = 4;

/// Calls that are throttled while smaller ones are answered: larger than the quota, it seems.
///
/// Nobody may have told what there is, and one call may ask for more than all others together. Then
/// its throttle says nothing about the rate. Throttled for a whole period, however the server counts,
/// it will not go.
#[derive(Debug, Default)]
#[cfg_attr(
    feature = "shared",
    derive(Clone, serde::Serialize, serde::Deserialize)
)]
pub(crate) struct Oversize {
    /// The largest call that was answered, in tokens.
    answered: u64,
    /// Boxed because there seldom is one.
    suspicion: Option<Box<Suspicion>>,
}

#[derive(Debug)]
#[cfg_attr(
    feature = "shared",
    derive(Clone, serde::Serialize, serde::Deserialize)
)]
struct Suspicion {
    /// The smallest sizes that were throttled, and when that was; the smallest first.
    smallest: Vec<(u64, u64)>,
    throttles: u32,
    last: u64,
    /// When a smaller call was answered last.
    smaller: Option<u64>,
}

impl Oversize {
    /// The largest call that was answered, in tokens.
    pub(crate) fn answered(&self) -> u64 {
        self.answered
    }

    /// Whether calls of any size may be rejected.
    pub(crate) fn is_suspected(&self) -> bool {
        self.suspicion.is_some()
    }

    /// A call of that size was answered.
    pub(crate) fn note_answer(&mut self, now: u64, tokens: u64) {
        self.answered = self.answered.max(tokens);
        if let Some(suspicion) = &mut self.suspicion {
            suspicion.smallest.retain(|&(size, _)| size > tokens);
            suspicion.smaller = Some(now);
            if suspicion.smallest.is_empty() {
                self.suspicion = None;
            }
        }
    }

    /// A call of that size, sent `at` that time, was throttled, and its size explains that. Returns
    /// how long to wait with another one.
    pub(crate) fn note_throttle(&mut self, now: u64, at: u64, tokens: u64, period: u64) -> u64 {
        // What came to nothing long ago is forgotten.
        self.suspicion
            .take_if(|old| old.smallest.len() < ENOUGH && now >= old.last.saturating_add(HOLDS));
        let suspicion = self.suspicion.get_or_insert_with(|| {
            Box::new(Suspicion {
                smallest: Vec::with_capacity(ENOUGH + 1),
                throttles: 0,
                last: 0,
                smaller: None,
            })
        });
        // Of calls that were under way at the same time one counts.
        if suspicion.throttles == 0 || at > suspicion.last {
            suspicion.throttles = suspicion.throttles.saturating_add(1);
            suspicion.last = now;
            let sizes = &mut suspicion.smallest;
            let place = sizes.partition_point(|&(size, _)| size <= tokens);
            sizes.insert(place, (tokens, now));
            sizes.truncate(ENOUGH);
        }
        let doubled = (suspicion.throttles - 1).min(DOUBLINGS);
        ((period / FIRST_PAUSE) << doubled).min(period / 2)
    }

    /// Whether a call of that size would come to nothing: for a period such calls were throttled,
    /// and smaller ones were answered meanwhile.
    pub(crate) fn rejects(&self, now: u64, tokens: u64, period: u64) -> bool {
        let Some(suspicion) = &self.suspicion else {
            return false;
        };
        let (Some(&(size, _)), Some(smaller)) =
            (suspicion.smallest.get(ENOUGH - 1), suspicion.smaller)
        else {
            return false;
        };
        let times = suspicion.smallest.iter().map(|&(_, at)| at);
        let first = times.min().unwrap_or(suspicion.last);
        tokens >= size
            && suspicion.last - first >= period
            && smaller >= first
            && smaller.saturating_add(period) >= suspicion.last
            && now < suspicion.last.saturating_add(HOLDS)
    }

    /// When nothing of interest is known any more.
    pub(crate) fn over_at(&self) -> u64 {
        let suspicion = self.suspicion.as_ref();
        suspicion.map_or(0, |suspicion| suspicion.last.saturating_add(HOLDS))
    }
}

#[cfg(test)]
mod tests;
