use super::line::Place;
use super::turn::MemberId;

const SECOND: u64 = 1_000_000_000;

/// A process whose turn it is, and that does not take it.
#[derive(Debug, Default)]
pub(crate) struct Overdue {
    /// The first in line, and since when it could go.
    first: Option<(Place, u64)>,
}

impl Overdue {
    /// The first in line is that one, of another process, and it could go by now. Says who is taken for gone, or when it
    /// would be: the `rank`th to say so waits longer, for one is enough.
    pub(crate) fn look(&mut self, now: u64, first: Place, rank: usize) -> Result<MemberId, u64> {
        let since = match self.first {
            Some((place, since)) if place == first => since,
            _ => now,
        };
        self.first = Some((first, since));
        let late = since + SECOND + SECOND / 2 * rank as u64;
        if now < late {
            return Err(late);
        }
        self.first = None;
        Ok(first.member)
    }

    /// There is nobody who could go.
    pub(crate) fn clear(&mut self) {
        self.first = None;
    }
}
