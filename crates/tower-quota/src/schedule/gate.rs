use crate::account::{Account, Charge, Counts, Forecast, Meter, Refusal, nanos};
use crate::call::Throttle;
use crate::limit::{Amount, Limit, Unit};
#[cfg(feature = "shared")]
use crate::shared::{Ended, SharedKey, Wanted};

/// What lets calls go: the key's account, of this process alone or one that processes share.
///
/// In one that is shared nothing is changed at once. What happens here is told to all, and comes back as what all of
/// them count; and its time is that of the log, into which the scheduler's is turned here.
#[derive(Debug)]
pub(crate) struct Gate {
    account: Account,
    /// Boxed, for few keys are shared.
    #[cfg(feature = "shared")]
    shared: Option<Box<SharedKey>>,
}

impl From<Account> for Gate {
    fn from(account: Account) -> Self {
        Self {
            account,
            #[cfg(feature = "shared")]
            shared: None,
        }
    }
}

/// What changes.
impl Gate {
    /// Charges the call at the head of the queue, or says when to ask again at the latest.
    pub(crate) fn admit(&mut self, now: u64, amount: Amount) -> Result<Charge, u64> {
        #[cfg(feature = "shared")]
        if let Some(shared) = &mut self.shared {
            return shared.admit(&mut self.account, now, amount);
        }
        self.account.admit(now, amount)
    }

    /// The server has begun to answer the call.
    pub(crate) fn confirmed(&mut self, now: u64, charge: &Charge) {
        #[cfg(feature = "shared")]
        if let Some(shared) = &mut self.shared {
            return shared.confirmed(now, charge);
        }
        self.account.confirmed(now, charge);
    }

    /// The call came to `actual`.
    pub(crate) fn settle(&mut self, now: u64, charge: &Charge, actual: Amount) {
        #[cfg(feature = "shared")]
        if let Some(shared) = &mut self.shared {
            return shared.end(&self.account, now, charge, Ended::Came(actual.tokens));
        }
        self.account.settle(now, charge, actual);
    }

    /// The call counts as what it reserved.
    pub(crate) fn keep(&mut self, now: u64, charge: &Charge) {
        #[cfg(feature = "shared")]
        if let Some(shared) = &mut self.shared {
            return shared.end(&self.account, now, charge, Ended::Kept);
        }
        self.account.keep(now, charge);
    }

    /// The call was never charged.
    pub(crate) fn cancel(&mut self, now: u64, charge: &Charge) {
        #[cfg(feature = "shared")]
        if let Some(shared) = &mut self.shared {
            return shared.end(&self.account, now, charge, Ended::Refunded);
        }
        self.account.cancel(now, charge);
    }

    /// The call that was admitted before is sent only now.
    pub(crate) fn renew(&mut self, now: u64, charge: &Charge) -> Charge {
        #[cfg(feature = "shared")]
        if self.shared.is_some() {
            // It was charged when the log let it go, and nobody can be told to have waited for it since.
            return charge.again();
        }
        self.account.renew(now, charge)
    }

    /// The call was throttled. Returns when another one of that size is worth a try.
    pub(crate) fn throttled(
        &mut self,
        now: u64,
        charge: &Charge,
        throttle: Throttle,
        exhausted_for: u64,
    ) -> u64 {
        #[cfg(feature = "shared")]
        if let Some(shared) = &mut self.shared {
            shared.throttled(now, charge, throttle);
            return now;
        }
        match throttle {
            Throttle::Rate { retry_after, unit } => {
                let again = self.account.blame_limit(now, charge, unit);
                if let Some(hint) = retry_after {
                    self.account.hold(now, nanos(hint));
                }
                again
            }
            // Before when there is nothing for calls of that size, though there may be for others.
            Throttle::Exhausted { retry_after } => {
                let time = retry_after.map_or(exhausted_for, nanos);
                self.account.exhausted(now, charge, time)
            }
        }
    }

    pub(crate) fn set_limits(&mut self, now: u64, limits: Vec<Limit>) {
        #[cfg(feature = "shared")]
        if let Some(shared) = &mut self.shared {
            return shared.set_limits(&mut self.account, limits);
        }
        self.account.set_limits(now, limits);
    }
}

/// What is asked: each as in [`Account`].
impl Gate {
    pub(crate) fn refuses(&self, now: u64, amount: Amount) -> Option<Refusal<'_>> {
        let refusal = self.account.refuses(self.log(now), amount)?;
        Some(match refusal {
            Refusal::Exhausted(until) => Refusal::Exhausted(self.local(until)),
            Refusal::ExceedsLimit(_) | Refusal::SeemsTooLarge { .. } => refusal,
        })
    }

    pub(crate) fn may_go_at(&mut self, now: u64, amount: Amount) -> u64 {
        #[cfg(feature = "shared")]
        if let Some(shared) = &mut self.shared {
            return shared.newcomer_goes_at(&mut self.account, now, amount);
        }
        self.account.may_go_at(now, amount)
    }

    pub(crate) fn retry_at(&mut self, now: u64, amount: Amount) -> u64 {
        self.time(now, |account, now| account.retry_at(now, amount))
    }

    pub(crate) fn or_by_news(&self, at: u64) -> u64 {
        self.local(self.account.or_by_news(self.log(at)))
    }

    pub(crate) fn fits_at(&mut self, now: u64, ahead: Amount, mine: Amount) -> u64 {
        self.time(now, |account, now| account.fits_at(now, ahead, mine))
    }

    pub(crate) fn likely_fits_at(&mut self, now: u64, ahead: Amount, mine: Amount) -> u64 {
        self.time(now, |account, now| account.likely_fits_at(now, ahead, mine))
    }

    pub(crate) fn waits_until(&mut self, now: u64, ahead: Amount, mine: Amount) -> u64 {
        self.time(now, |account, now| account.waits_until(now, ahead, mine))
    }

    pub(crate) fn whole_at(&mut self, now: u64) -> u64 {
        #[cfg(feature = "shared")]
        if self
            .shared
            .as_ref()
            .is_some_and(|shared| !shared.is_settled())
        {
            return u64::MAX;
        }
        self.time(now, Account::whole_at)
    }

    /// When those who wait go, from the first on, by the [local](Self::local) time of what it says.
    pub(crate) fn forecast(&mut self, now: u64) -> Forecast {
        let (account, at) = self.view(now);
        account.forecast(at)
    }

    pub(crate) fn explains(&self, charge: &Charge, unit: Option<Unit>) -> bool {
        #[cfg(feature = "shared")]
        if let Some(shared) = &self.shared {
            let charge = shared.charge_of(charge);
            return charge.is_some_and(|charge| self.account.explains(charge, unit));
        }
        self.account.explains(charge, unit)
    }

    pub(crate) fn counts(&self) -> Counts {
        self.account.counts()
    }

    pub(crate) fn meters(&mut self, now: u64) -> &[Meter] {
        let (account, at) = self.view(now);
        account.meters(at)
    }

    pub(crate) fn share(&self) -> f64 {
        self.account.share()
    }

    fn time(&mut self, now: u64, ask: impl FnOnce(&mut Account, u64) -> u64) -> u64 {
        let (account, at) = self.view(now);
        let answer = ask(account, at);
        self.local(answer)
    }

    /// What may be asked without a change to what is shared, and the time there.
    fn view(&mut self, now: u64) -> (&mut Account, u64) {
        #[cfg(feature = "shared")]
        if let Some(shared) = &mut self.shared {
            let at = shared.log_time(now);
            return (shared.view(&self.account), at);
        }
        (&mut self.account, now)
    }

    /// The account's time.
    #[cfg_attr(not(feature = "shared"), expect(clippy::unused_self))]
    fn log(&self, now: u64) -> u64 {
        #[cfg(feature = "shared")]
        if let Some(shared) = &self.shared {
            return shared.log_time(now);
        }
        now
    }

    /// The scheduler's time when the account's is that.
    #[cfg_attr(not(feature = "shared"), expect(clippy::unused_self))]
    pub(crate) fn local(&self, at: u64) -> u64 {
        #[cfg(feature = "shared")]
        if let Some(shared) = &self.shared {
            return shared.local_time(at);
        }
        at
    }
}

#[cfg(feature = "shared")]
impl Gate {
    /// The account is shared from now on.
    pub(crate) fn share_by(&mut self, shared: impl FnOnce(Vec<Limit>) -> SharedKey) {
        let shared = shared(self.account.limits());
        self.shared = Some(Box::new(shared));
    }

    /// What a call that waits is to others.
    pub(crate) fn wanted(&self, class: u8, amount: Amount) -> Wanted {
        Wanted {
            class,
            tokens: amount.tokens,
            worth: self.account.worth(amount),
        }
    }

    pub(crate) fn shared(&mut self) -> Option<(&mut SharedKey, &mut Account)> {
        Some((self.shared.as_deref_mut()?, &mut self.account))
    }
}
