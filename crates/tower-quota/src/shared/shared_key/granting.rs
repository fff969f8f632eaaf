//! Calls that the log has let begin, until somebody takes them.

use super::super::turn::Ended;
use super::{MILLISECOND, SECOND, SharedKey, Stage};
use crate::account::{Account, Charge};
use crate::limit::Amount;

/// What the log granted is given back if it is older when it is heard of: the server would count it too late.
pub(super) const STALE: u64 = 2 * SECOND;
/// What was granted and is not taken for so long is given back.
pub(super) const UNUSED: u64 = 200 * MILLISECOND;

#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    pub(super) number: u64,
    pub(super) tokens: u64,
    pub(super) at: u64,
}

impl SharedKey {
    /// The call at the head of the queue goes if it was granted, or by the part that is ours while the log does not
    /// answer. Else it says when to ask again, at the latest.
    pub(crate) fn admit(
        &mut self,
        account: &mut Account,
        now: u64,
        amount: Amount,
    ) -> Result<Charge, u64> {
        let at = self.clock.log(now);
        if let Stage::Alone(alone) = &mut self.stage {
            return match alone.account.admit(at, amount) {
                Ok(charge) => {
                    let number = self.journal.take_numbers(1);
                    self.journal.begin(number, amount.tokens, at, Some(charge));
                    Ok(Charge::numbered(number, at, amount.tokens))
                }
                Err(again) => Err(self.clock.local(again).max(now + MILLISECOND)),
            };
        }
        let fresh = |grant: &Grant| at.saturating_sub(grant.at) < STALE;
        let fits = |grant: &Grant| grant.tokens >= amount.tokens && fresh(grant);
        if let Some(index) = self.grants.iter().position(fits) {
            if let Some(grant) = self.grants.remove(index) {
                return Ok(Charge::numbered(grant.number, grant.at, grant.tokens));
            }
        }
        let fits = self.view(account).fits_at(at, Amount::NONE, amount);
        let soon = now + self.clock.answer().max(20 * MILLISECOND);
        Err(self.clock.local(fits).max(soon))
    }

    pub(super) fn note_grant(&mut self, now: u64) {
        let (since, calls, _) = self.lately;
        if now.saturating_sub(since) >= SECOND {
            let before = if now - since < 2 * SECOND { calls } else { 0 };
            self.lately = (now, 0, before);
        }
        self.lately.1 += 1;
    }

    /// What was granted and is not taken yet is not begun.
    pub(super) fn give_back(&mut self, now: u64) {
        while let Some(grant) = self.grants.pop_front() {
            self.finish(now, grant.number, Ended::Refunded, true);
        }
    }

    /// What is not of use any more.
    pub(super) fn tidy(&mut self, now: u64, waiting: usize) {
        let at = self.clock.log(now);
        let kept = kept_for(waiting);
        while self
            .grants
            .front()
            .is_some_and(|grant| at.saturating_sub(grant.at) >= kept)
        {
            if let Some(grant) = self.grants.pop_front() {
                self.finish(now, grant.number, Ended::Refunded, true);
            }
        }
        if now.saturating_sub(self.pruned) >= SECOND {
            self.pruned = now;
            self.journal.prune(at);
        }
    }

    /// Until when something is to be tidied, if so many wait.
    pub(super) fn untidy(&self, waiting: usize) -> Option<u64> {
        let grant = self.grants.front()?;
        let until = grant.at.saturating_add(kept_for(waiting));
        Some(self.clock.local(until))
    }
}

/// How long what was granted is kept for those who wait.
fn kept_for(waiting: usize) -> u64 {
    match waiting {
        0 => UNUSED,
        _ => STALE,
    }
}
