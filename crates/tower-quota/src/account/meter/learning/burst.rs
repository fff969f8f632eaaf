//! How much less a bucket holds than it seemed to.

use crate::account::meter::sent::Sent;
use crate::account::meter::{Kind, Meter};
use crate::limit::Amount;

/// What dense calls need to go at the rate, in slacks.
const SPACE: u128 = 2;

impl Meter {
    /// The call was taken for admitted, and was not.
    pub(crate) fn take_back(&mut self, call: u64, amount: Amount) {
        let sent = self.sent(call);
        // Only what this call itself seemed to prove: others, or whoever told a burst, stand.
        if sent.least >= self.burst.proven {
            self.unlearn(self.worth(amount.of(self.limit.unit)), &sent);
        }
    }

    /// The call proved nothing: no more counts than what it was sent with.
    pub(super) fn unlearn(&mut self, worth: u128, sent: &Sent) {
        if self.kind != Kind::Window {
            let level = sent.deficit.max(worth).saturating_sub(self.slack());
            self.burst.unlearn(level.max(self.least_burst(worth)));
        }
    }

    /// No bucket is taken to hold less: the call, and where calls are dense what lets them go at the rate in
    /// spite of jitter. With less each would wait until it is over for the one before, and that is no
    /// rate any more.
    pub(super) fn least_burst(&self, worth: u128) -> u128 {
        match self.is_dense(worth) {
            true => worth.saturating_add(SPACE * self.slack()),
            false => worth,
        }
    }
}
