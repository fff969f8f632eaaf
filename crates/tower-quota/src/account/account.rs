use super::SECOND;
use super::call::Call;
use super::charge::Charge;
use super::counts::Counts;
use super::exhausted::Exhausted;
use super::forecast::Forecast;
use super::meter::{Meter, Now, Verdict};
use super::overrun::Overrun;
use super::oversize::Oversize;
use super::purse::Purse;
use super::recent::Recent;
use super::refusal::Refusal;
use super::ring::Ring;
use crate::limit::{Amount, Limit, Unit};

mod calls;
mod ends;
#[cfg(feature = "shared")]
mod shared;
mod throttles;

#[cfg(feature = "shared")]
pub(crate) use shared::Outlook;

/// So many watched calls are under way at once, after as many were confirmed.
const WATCHED: u32 = 4;
/// At a high rate more of them: one in so many that were confirmed in the last minute.
const WATCHED_PART: u64 = 50;
/// One throttle in so many calls that were confirmed in the last minute is no sign of a neighbour: whoever
/// takes a part of the quota throttles as large a part of our calls. A server may have its reasons.
const STRAYS: u64 = 200;

/// All limits of one key: what the server has left, and what is known of how it counts.
///
/// A call is charged to each limit at once, or to none. Whoever holds a [`Charge`] says once what
/// became of it: [`settle`](Self::settle), [`keep`](Self::keep), [`cancel`](Self::cancel),
/// [`blame_limit`](Self::blame_limit) or [`exhausted`](Self::exhausted).
#[derive(Debug)]
#[cfg_attr(
    feature = "shared",
    derive(Clone, serde::Serialize, serde::Deserialize)
)]
pub(crate) struct Account {
    meters: Vec<Meter>,
    /// What all limits can admit.
    most: Amount,
    /// The calls sent last, by number: from the first that is remembered to the one before the next.
    calls: Ring<Call>,
    first: u64,
    next: u64,
    /// All before this number are known to be admitted, or not.
    unconfirmed: u64,
    /// How many calls were confirmed, and how many of them in the last minute.
    confirmed: u32,
    lately: Recent,
    /// How many were throttled in the last minute.
    throttled: Recent,
    /// How long a throttle takes: of ten, nine come sooner.
    latency: Option<u64>,
    purse: Purse,
    overrun: Overrun,
    /// Rounds of throttles since a call was confirmed, and when the last one began.
    rounds: u32,
    round: Option<u64>,
    /// Nothing is admitted before.
    blocked: u64,
    /// What is refused by its size.
    exhausted: Exhausted,
    oversize: Oversize,
    now: u64,
    used_at: u64,
    counts: Counts,
}

impl Account {
    pub(crate) fn new(limits: Vec<Limit>, now: u64) -> Self {
        let meters: Vec<_> = limits
            .into_iter()
            .map(|limit| Meter::new(limit, now))
            .collect();
        Self {
            most: most(&meters),
            meters,
            calls: Ring::new(),
            first: 0,
            next: 0,
            unconfirmed: 0,
            confirmed: 0,
            lately: Recent::new(60 * SECOND),
            throttled: Recent::new(60 * SECOND),
            latency: None,
            purse: Purse::new(),
            overrun: Overrun::default(),
            rounds: 0,
            round: None,
            blocked: 0,
            exhausted: Exhausted::default(),
            oversize: Oversize::default(),
            now,
            used_at: now,
            counts: Counts::default(),
        }
    }

    /// Why a call of that amount is not worth the wait.
    pub(crate) fn refuses(&self, now: u64, amount: Amount) -> Option<Refusal<'_>> {
        if amount.calls > self.most.calls || amount.tokens > self.most.tokens {
            let meter = self.meters.iter().find(|meter| !meter.holds(amount))?;
            return Some(Refusal::ExceedsLimit(meter.limit()));
        }
        if let Some(until) = self.exhausted.until(now, amount) {
            return Some(Refusal::Exhausted(until));
        }
        if !self.oversize.is_suspected() {
            return None;
        }
        let rejects = self
            .oversize
            .rejects(now, amount.tokens, self.suspects_for());
        rejects.then(|| Refusal::SeemsTooLarge {
            answered: self.oversize.answered(),
        })
    }

    /// Charges the call at the head of the queue, or says when to ask again, at the latest: then,
    /// and whenever another call is confirmed, settled or throttled.
    pub(crate) fn admit(&mut self, now: u64, amount: Amount) -> Result<Charge, u64> {
        let at = self.may_go_at(now, amount);
        if at > self.now {
            return Err(at);
        }
        Ok(self.charge(amount))
    }

    /// When a call at the head of the queue may go, as a trial too. It is early where that depends
    /// on what becomes of those under way.
    pub(crate) fn may_go_at(&mut self, now: u64, amount: Amount) -> u64 {
        self.advance(now);
        if self.now < self.blocked {
            return self.blocked;
        }
        let common = self.common();
        let mut until = self.now;
        let mut until_news = None;
        for meter in &mut self.meters {
            match meter.look(amount, &common) {
                Verdict::Goes
                | Verdict::GoesWatched
                | Verdict::Tries
                | Verdict::AsksPhase
                | Verdict::GoesByPhase
                | Verdict::GoesOversize => {}
                Verdict::Waits(at) => until = until.max(at),
                Verdict::WaitsForNews(at) => until_news = until_news.max(Some(at)),
            }
        }
        match until_news {
            Some(at) => until.max(at.min(self.news_at())),
            None => until,
        }
    }

    /// When such a call may be made again: at the latest when those under way may have ended, if
    /// calls give back part of what they reserve.
    pub(crate) fn retry_at(&mut self, now: u64, amount: Amount) -> u64 {
        let at = self.may_go_at(now, amount);
        self.or_by_news(at)
    }

    /// That time, or when those under way may have ended if calls give back part of what they reserve.
    pub(crate) fn or_by_news(&self, at: u64) -> u64 {
        let gives_back = self.counts.used / 9 < self.counts.reserved / 10;
        if gives_back && self.counts.pending.calls > 0 {
            let ended = self.now.saturating_add(self.overrun.time());
            return at.min(ended.max(self.blocked));
        }
        at
    }

    fn common(&mut self) -> Now {
        let lately = self.lately.sum(self.now);
        let strays = lately / STRAYS;
        let fast = u32::try_from(lately / WATCHED_PART).unwrap_or(u32::MAX);
        Now {
            at: self.now,
            spare: self.purse.affords_trial(),
            watched: fast.max(WATCHED.min(self.confirmed.saturating_add(1))),
            answered: self.oversize.answered(),
            owed: self.overrun.of(self.counts.pending.calls),
            call_time: self.overrun.time(),
            strays: strays > 0 && self.throttled.sum(self.now) <= strays,
        }
    }

    /// When `mine` fits after `ahead` was admitted, as far as is known: for the bounds of a queue
    /// and what callers are told.
    pub(crate) fn fits_at(&mut self, now: u64, ahead: Amount, mine: Amount) -> u64 {
        self.advance(now);
        let now = self.now;
        let meters = self
            .meters
            .iter()
            .map(|meter| meter.fits_at(ahead, mine, now));
        let used_up = self.exhausted.until(now, mine).unwrap_or(0);
        meters.fold(now.max(self.blocked).max(used_up), u64::max)
    }

    /// When `mine` fits after `ahead` was admitted, if calls come to what they usually do: for who compares
    /// two keys. Those under way give back the rest, but to those ahead first, who hold it then as long.
    pub(crate) fn likely_fits_at(&mut self, now: u64, ahead: Amount, mine: Amount) -> u64 {
        let free = self.counts.pending.tokens.saturating_sub(ahead.tokens);
        let back = free - self.overrun.likely(free);
        let ahead = Amount {
            tokens: self.overrun.likely(ahead.tokens),
            ..ahead
        };
        let by_refill = self.fits_at(now, ahead, mine);
        if back == 0 {
            return by_refill;
        }
        let least = self.overrun.likely(mine.tokens);
        let rest = back.saturating_sub(ahead.tokens);
        let by_news = self.fits_at(
            now,
            Amount {
                tokens: ahead.tokens.saturating_sub(back),
                ..ahead
            },
            Amount {
                tokens: mine.tokens.saturating_sub(rest).max(least),
                ..mine
            },
        );
        let ended = self.now.saturating_add(self.overrun.time());
        by_refill.min(by_news.max(ended))
    }

    /// Before when `mine` does not go after `ahead` was admitted, as far as that is no guess: nobody
    /// is turned away on one.
    pub(crate) fn waits_until(&mut self, now: u64, ahead: Amount, mine: Amount) -> u64 {
        self.advance(now);
        let now = self.now;
        let told = self.meters.iter().filter(|meter| meter.is_told());
        let meters = told.map(|meter| meter.fits_at(ahead, mine, now));
        meters.fold(now.max(self.blocked), u64::max)
    }

    /// When those who wait go, from the first on.
    pub(crate) fn forecast(&mut self, now: u64) -> Forecast {
        self.advance(now);
        let common = Now {
            at: self.now.max(self.blocked),
            spare: false,
            watched: u32::MAX,
            ..self.common()
        };
        Forecast::new(self.meters.iter().map(Meter::ahead).collect(), common)
    }

    /// Without a throttle to spare, and with no end of patience.
    #[cfg(test)]
    pub(crate) fn learns_nothing(&mut self) {
        (0..8).for_each(|_| self.purse.pay());
        self.latency = Some(3600 * SECOND);
    }

    /// When nothing is lost by forgetting the account.
    pub(crate) fn whole_at(&mut self, now: u64) -> u64 {
        self.advance(now);
        let meters = self.meters.iter().map(|meter| meter.whole_at(self.used_at));
        let rest = self.blocked.max(self.exhausted.over_at());
        meters.fold(rest.max(self.oversize.over_at()), u64::max)
    }

    /// Takes other limits from now on. What was learned survives for those of the same unit and
    /// period.
    pub(crate) fn set_limits(&mut self, now: u64, limits: Vec<Limit>) {
        self.advance(now);
        // Whoever changes limits knows more than an old hint of the server's.
        self.blocked = self.now;
        self.exhausted = Exhausted::default();
        self.oversize = Oversize::default();
        let mut old = std::mem::take(&mut self.meters);
        for limit in limits {
            let same = old.iter().position(|meter| meter.is_like(&limit));
            self.meters.push(match same {
                Some(index) => old.swap_remove(index).with_limit(limit),
                None => Meter::new(limit, self.now).beginning_with(self.next),
            });
        }
        self.most = most(&self.meters);
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// What is known of each limit.
    pub(crate) fn meters(&mut self, now: u64) -> &[Meter] {
        self.advance(now);
        &self.meters
    }

    /// The part of the rate that is used at present, of the limit that has the least.
    pub(crate) fn share(&self) -> f64 {
        let shares = self.meters.iter().map(Meter::share);
        shares.reduce(f64::min).unwrap_or(1.0)
    }

    /// How much memory it has besides itself, in bytes.
    #[cfg(test)]
    fn heap(&self) -> usize {
        let meters = self
            .meters
            .iter()
            .map(|meter| std::mem::size_of::<Meter>() + meter.heap());
        self.calls.heap() + meters.sum::<usize>()
    }

    fn advance(&mut self, now: u64) {
        self.bring_to(now);
        self.confirm_old();
    }

    /// Confirms no call yet: what just came may say that this one was not admitted.
    fn bring_to(&mut self, now: u64) {
        self.now = self.now.max(now);
        for meter in &mut self.meters {
            meter.advance(self.now);
        }
    }
}

/// What all of them can ever admit.
fn most(meters: &[Meter]) -> Amount {
    let least = |unit| {
        let meters = meters.iter().filter(|meter| meter.limit().unit == unit);
        meters.map(Meter::most).min().unwrap_or(u64::MAX)
    };
    let tokens = least(Unit::Tokens);
    Amount {
        // Where there are no tokens there is no call either, not even one that asks for none.
        calls: least(Unit::Calls).min(tokens),
        tokens,
    }
}

#[cfg(test)]
mod tests;
