use super::exhausted::Exhausted;
use super::forecast::Forecast;
use super::meter::{Meter, Now, Verdict};
use super::overrun::Overrun;
use super::oversize::Oversize;
use super::purse::Purse;
use super::recent::Recent;
use super::ring::Ring;
use super::{LONG, MILLISECOND, MINUTE, SECOND};
use crate::limit::{Amount, Limit, Unit};

/// So many watched calls are under way at once, after as many were confirmed.
const WATCHED: u32 = 4;
/// At a high rate more of them: one in so many that were confirmed in the last minute.
const WATCHED_PART: u64 = 50;
/// What is taken for the time that a throttle needs, until one came.
const LATENCY: u64 = 150 * MILLISECOND;
/// After so many times that long a call that was not throttled was admitted.
const PATIENCE: u64 = 3;
/// After so many times the patience no throttle is expected any more.
const LATE: u64 = 2;
/// So many calls are remembered at most for what a late throttle takes back.
const REMEMBERED: u64 = 128;
/// The pause after a fourth round of throttles in a row, doubled with each that follows.
const PAUSE: u64 = 100 * MILLISECOND;
const LONGEST_PAUSE: u64 = 15 * SECOND;
/// What was told is doubted after so many periods.
const TOLD_PERIODS: u64 = 2;
/// No server means more than that by a quota that is used up.
const DAY: u64 = 24 * 3600 * SECOND;

/// All limits of one key: what the server has left, and what is known of how it counts.
///
/// A call is charged to each limit at once, or to none. Whoever holds a [`Charge`] says once what
/// became of it: [`settle`](Self::settle), [`keep`](Self::keep), [`cancel`](Self::cancel),
/// [`blame_limit`](Self::blame_limit) or [`exhausted`](Self::exhausted).
#[derive(Debug)]
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

/// What happened so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Admitted and not settled yet.
    pub(crate) pending: Amount,
    /// What settled calls had reserved, and what they came to, in tokens.
    pub(crate) reserved: u64,
    pub(crate) used: u64,
    pub(crate) throttled: u64,
}

/// What a call was charged, until it is said what became of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Charge {
    number: u64,
    at: u64,
    tokens: u64,
}

impl Charge {
    pub(crate) fn amount(&self) -> Amount {
        Amount::call(self.tokens)
    }
}

/// Why a call is not lined up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal<'a> {
    /// The limit never holds that much.
    ExceedsLimit(&'a Limit),
    /// The server has no more for long, until then.
    Exhausted(u64),
    /// The server throttles calls of that size and answers smaller ones, of so many tokens.
    SeemsTooLarge { answered: u64 },
}

#[derive(Clone, Copy, Debug, Default)]
struct Call {
    at: u64,
    tokens: u64,
    /// How many were sent in the same slice of time.
    calls: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    Open,
    Confirmed,
    /// Throttled, cancelled or given up.
    #[default]
    Gone,
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
        let gives_back = self.counts.used / 9 < self.counts.reserved / 10;
        if gives_back && self.counts.pending.calls > 0 {
            let ended = self.now.saturating_add(self.overrun.time());
            return at.min(ended.max(self.blocked));
        }
        at
    }

    fn common(&mut self) -> Now {
        let lately = self.lately.sum(self.now) / WATCHED_PART;
        let fast = u32::try_from(lately).unwrap_or(u32::MAX);
        Now {
            at: self.now,
            spare: self.purse.affords_trial(),
            watched: fast.max(WATCHED.min(self.confirmed.saturating_add(1))),
            answered: self.oversize.answered(),
            owed: self.overrun.of(self.counts.pending.calls),
            call_time: self.overrun.time(),
        }
    }

    /// When the next call is confirmed for lack of a throttle.
    fn news_at(&self) -> u64 {
        let soon = self.now + MILLISECOND;
        if self.unconfirmed == self.next {
            return soon;
        }
        let call = self.calls.get(self.unconfirmed);
        (call.at + self.patience()).max(soon)
    }

    fn patience(&self) -> u64 {
        PATIENCE * self.latency.unwrap_or(LATENCY)
    }

    fn charge(&mut self, amount: Amount) -> Charge {
        self.make_room();
        if self.next - self.first >= REMEMBERED * 3 / 4 {
            if let Some(charge) = self.charge_with_last(amount) {
                return charge;
            }
        }
        let number = self.next;
        for meter in &mut self.meters {
            meter.charge(self.first, number, amount);
        }
        self.count(amount);
        let call = Call {
            at: self.now,
            tokens: amount.tokens,
            calls: 1,
            state: State::Open,
        };
        self.calls.push(self.first, number, call);
        self.next += 1;
        Charge {
            number,
            at: self.now,
            tokens: amount.tokens,
        }
    }

    /// Where there are too many to remember each, calls that were sure to go share the place of the
    /// first in the same slice of time: what one of them shows, all of them do.
    fn charge_with_last(&mut self, amount: Amount) -> Option<Charge> {
        let number = self.next - 1;
        let last = self.calls.get_mut(number);
        let slice = 2 * LATE * PATIENCE * self.latency.unwrap_or(LATENCY) / REMEMBERED;
        let same = last.state == State::Open && self.now - last.at < slice;
        if !same || !self.meters.iter().all(|meter| meter.shares(number)) {
            return None;
        }
        last.calls = last.calls.saturating_add(1);
        for meter in &mut self.meters {
            meter.charge_sure(amount);
        }
        self.count(amount);
        Some(Charge {
            number,
            at: self.now,
            tokens: amount.tokens,
        })
    }

    /// A call is under way from now on.
    fn count(&mut self, amount: Amount) {
        self.used_at = self.now;
        let pending = &mut self.counts.pending;
        pending.calls += 1;
        pending.tokens = pending.tokens.saturating_add(amount.tokens);
    }

    /// Forgets calls that are known to be admitted, or not, for so long that no throttle is late.
    fn make_room(&mut self) {
        let late = LATE * self.patience();
        while self.first < self.next {
            let known =
                self.first < self.unconfirmed && self.now - self.calls.get(self.first).at >= late;
            if !known && self.next - self.first < REMEMBERED {
                break;
            }
            if self.first == self.unconfirmed {
                self.confirm(self.first);
                self.unconfirmed += 1;
            }
            self.first += 1;
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

    /// The server has begun to answer the call: it was admitted.
    pub(crate) fn confirmed(&mut self, now: u64, charge: &Charge) {
        self.now = self.now.max(now);
        self.confirm(charge.number);
        self.confirm_old();
    }

    /// The call came to `actual`.
    pub(crate) fn settle(&mut self, now: u64, charge: &Charge, actual: Amount) {
        self.confirmed(now, charge);
        for meter in self
            .meters
            .iter_mut()
            .filter(|meter| meter.has(charge.number))
        {
            meter.settle(self.now, charge.at, charge.amount(), actual);
        }
        self.oversize.note_answer(self.now, charge.tokens);
        self.overrun
            .learn(charge.tokens, actual.tokens, self.now - charge.at);
        self.purse.earn();
        self.close(charge);
        self.counts.reserved = self.counts.reserved.saturating_add(charge.tokens);
        self.counts.used = self.counts.used.saturating_add(actual.tokens);
    }

    /// The call was given up, and nobody will say what became of it. It counts as what it
    /// reserved, and proves nothing: a throttle would not have been heard of.
    pub(crate) fn keep(&mut self, now: u64, charge: &Charge) {
        self.bring_to(now);
        self.close(charge);
        self.counts.reserved = self.counts.reserved.saturating_add(charge.tokens);
        self.counts.used = self.counts.used.saturating_add(charge.tokens);
        if let Some(state) = self.state(charge.number) {
            if state == State::Open {
                self.set_gone(charge.number);
                for meter in &mut self.meters {
                    meter.close(charge.number);
                }
            }
        }
        self.confirm_old();
    }

    /// The call was never charged: it is as if it had never been.
    pub(crate) fn cancel(&mut self, now: u64, charge: &Charge) {
        self.bring_to(now);
        self.close(charge);
        self.undo(charge);
    }

    /// The call is sent only now: it is charged anew, whether there is room or not.
    pub(crate) fn renew(&mut self, now: u64, charge: &Charge) -> Charge {
        let amount = charge.amount();
        self.cancel(now, charge);
        // What it tries, if anything, is what it is beyond by now.
        self.may_go_at(now, amount);
        self.charge(amount)
    }

    fn undo(&mut self, charge: &Charge) {
        if let Some(state) = self.state(charge.number) {
            for meter in &mut self.meters {
                match state {
                    State::Open => {
                        meter.close(charge.number);
                    }
                    // Nothing came back in time, for nothing was sent.
                    State::Confirmed if meter.has(charge.number) => {
                        meter.take_back(charge.number, charge.amount());
                    }
                    State::Confirmed => {}
                    State::Gone => {}
                }
            }
            self.set_gone(charge.number);
        }
        for meter in self
            .meters
            .iter_mut()
            .filter(|meter| meter.has(charge.number))
        {
            meter.refund(charge.at, charge.amount().of(meter.limit().unit));
        }
        self.confirm_old();
    }

    /// The server had nothing left for the call, in that unit if it said so. Returns when another
    /// one of that size is worth a try, where that is all it means.
    pub(crate) fn blame_limit(&mut self, now: u64, charge: &Charge, unit: Option<Unit>) -> u64 {
        self.bring_to(now);
        self.close(charge);
        self.counts.throttled += 1;
        self.took(self.now - charge.at);
        let blamed = self.blamed(charge, unit);
        if blamed.is_some_and(|blamed| self.is_about_size(charge, blamed)) {
            return self.blame_size(charge);
        }
        // A burst of calls that nobody held back costs one throttle, however many they were.
        if blamed.is_none_or(|blamed| !self.meters[blamed].is_old_news(charge.at)) {
            self.purse.pay();
        }
        self.pause_if_in_row(charge.at);
        let common = self.common();
        let was = self.state(charge.number);
        let mut pause = 0;
        for (number, meter) in self.meters.iter_mut().enumerate() {
            let sent = was.map(|was| match was {
                State::Open => meter.close(charge.number),
                State::Confirmed | State::Gone => meter.sent(charge.number),
            });
            if meter.has(charge.number) {
                meter.refund(charge.at, charge.amount().of(meter.limit().unit));
            }
            if blamed == Some(number) {
                let confirmed = was.is_none_or(|was| was == State::Confirmed);
                pause = meter.explain_throttle(
                    charge.at,
                    charge.amount(),
                    sent.as_ref(),
                    confirmed,
                    &common,
                );
            }
        }
        if was.is_some() {
            self.set_gone(charge.number);
        }
        self.confirm_old();
        self.blocked = self.blocked.max(self.now.saturating_add(pause));
        self.now
    }

    /// Whether the size of a throttled call explains it: it is larger than any that was answered, and
    /// than all else that the period was charged.
    fn is_about_size(&self, charge: &Charge, blamed: usize) -> bool {
        let tokens = charge.tokens;
        let answered = self.oversize.answered();
        if tokens <= answered {
            return false;
        }
        // Others like it under way count no more than it does, once anything was answered.
        let calls = (self.first..self.next).filter(|number| *number != charge.number);
        let others = calls.fold(0, |sum: u64, number| {
            let call = self.calls.get(number);
            let unproven = answered > 0 && call.tokens > answered && call.state == State::Open;
            sum.saturating_add(if unproven { call.tokens } else { 0 })
        });
        let meter = &self.meters[blamed];
        let sent = self.state(charge.number).map(|_| meter.sent(charge.number));
        meter.dwarfs(tokens, answered, others, sent.as_ref())
    }

    /// The call was throttled for its size. To the limits it is as if it had never been.
    fn blame_size(&mut self, charge: &Charge) -> u64 {
        for meter in &mut self.meters {
            meter.never_charged(charge.at, charge.amount());
        }
        self.undo(charge);
        let (tokens, period) = (charge.tokens, self.longest_hold());
        let pause = self
            .oversize
            .note_throttle(self.now, charge.at, tokens, period);
        // Then the next one is told so at once.
        let rejects = self.oversize.rejects(self.now, tokens, self.suspects_for());
        self.now.saturating_add(if rejects { 0 } else { pause })
    }

    /// The server refused the call for something that no limit here tells, as a day that is used
    /// up, for so long: of the rate nothing is concluded. Returns until when.
    pub(crate) fn exhausted(&mut self, now: u64, charge: &Charge, time: u64) -> u64 {
        self.cancel(now, charge);
        self.counts.throttled += 1;
        let longest = self.meters.iter().map(Meter::period).fold(DAY, u64::max);
        let until = self.now.saturating_add(time.min(longest));
        self.exhausted.refused(self.now, charge.amount(), until);
        until
    }

    /// Whether a throttle of the call is explained by these limits: it tried one, or filled it. What
    /// is left would be somebody else's doing.
    pub(crate) fn explains(&self, charge: &Charge, unit: Option<Unit>) -> bool {
        let meters = self.meters.iter();
        let mut meters = meters.filter(|meter| unit.is_none_or(|unit| meter.limit().unit == unit));
        self.state(charge.number).is_some()
            && meters.any(|meter| meter.explains(charge.number, charge.amount()))
    }

    /// Which limit a throttle is about: of those in the unit the one that tried, or the fullest.
    fn blamed(&self, charge: &Charge, unit: Option<Unit>) -> Option<usize> {
        let unit = unit.filter(|unit| self.meters.iter().any(|meter| meter.limit().unit == *unit));
        let known = self.state(charge.number).is_some();
        let meters = self.meters.iter().enumerate();
        let meters = meters.filter(|(_, meter)| unit.is_none_or(|unit| meter.limit().unit == unit));
        let fullness = |meter: &Meter| match known {
            true => meter.fullness(charge.number),
            false => 0.0,
        };
        let fullest = meters.max_by(|a, b| fullness(a.1).total_cmp(&fullness(b.1)));
        fullest.map(|(number, _)| number)
    }

    /// Whatever explains the throttles, rounds of them in a row are paused between.
    fn pause_if_in_row(&mut self, sent: u64) {
        if self.round.is_some_and(|round| sent <= round) {
            return;
        }
        self.round = Some(self.now);
        self.rounds += 1;
        if self.rounds > 3 {
            let pause = (PAUSE << (self.rounds - 4).min(8)).min(LONGEST_PAUSE);
            self.blocked = self.blocked.max(self.now.saturating_add(pause));
        }
    }

    /// A throttle took that long.
    fn took(&mut self, time: u64) {
        self.latency = Some(match self.latency {
            // Up by a quarter, down by a fiftieth: it stays above nine of ten.
            Some(latency) if time > latency => time.min(latency + latency / 4),
            Some(latency) => latency - latency / 50,
            None => time,
        });
    }

    /// Admits nothing for that time: the server said so to one caller. Others are held no longer
    /// than its limits explain.
    pub(crate) fn hold(&mut self, now: u64, time: u64) {
        self.advance(now);
        let time = time.min(self.longest_hold());
        self.blocked = self.blocked.max(self.now.saturating_add(time));
        for meter in &mut self.meters {
            meter.hinted(time);
        }
    }

    /// The longest period that is not so long that a server would call it used up. Where there is
    /// none an hour explains an hour, and a day no more than if nobody had told it.
    fn longest_hold(&self) -> u64 {
        let periods = || self.meters.iter().map(Meter::period);
        let short = periods().filter(|period| *period < LONG).max();
        let hour = || periods().find(|period| *period == LONG);
        short.or_else(hour).unwrap_or(MINUTE)
    }

    /// For how long calls are throttled before they are taken to be larger than the quota.
    fn suspects_for(&self) -> u64 {
        let guessed = self.meters.iter().any(Meter::is_of_size);
        // What was told is doubted later than a guess: it may be a neighbour's doing.
        let periods = if guessed { 1 } else { TOLD_PERIODS };
        self.longest_hold().saturating_mul(periods)
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

    /// What is known of a call, if it is remembered.
    fn state(&self, number: u64) -> Option<State> {
        (self.first <= number && number < self.next).then(|| self.calls.get(number).state)
    }

    fn set_gone(&mut self, number: u64) {
        self.calls.get_mut(number).state = State::Gone;
    }

    fn close(&mut self, charge: &Charge) {
        let pending = &mut self.counts.pending;
        pending.calls -= 1;
        pending.tokens = pending.tokens.saturating_sub(charge.tokens);
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

    /// A call that was not throttled for long enough was admitted.
    fn confirm_old(&mut self) {
        let patience = self.patience();
        while self.unconfirmed < self.next {
            let call = self.calls.get(self.unconfirmed);
            if call.state == State::Open {
                if self.now - call.at < patience {
                    break;
                }
                self.confirm(self.unconfirmed);
            }
            self.unconfirmed += 1;
        }
    }

    fn confirm(&mut self, number: u64) {
        if self.state(number) != Some(State::Open) {
            return;
        }
        let call = self.calls.get_mut(number);
        call.state = State::Confirmed;
        let call = *call;
        self.confirmed = self.confirmed.saturating_add(call.calls);
        self.lately.add(self.now, call.calls.into());
        if self.round.is_none_or(|round| call.at > round) {
            self.rounds = 0;
        }
        let spare = self.purse.affords_trial();
        // What asks for nothing is worth what such calls come to.
        let amount = Amount::call(match call.tokens {
            0 => self.overrun.of(1),
            tokens => tokens,
        });
        for meter in &mut self.meters {
            meter.confirmed(self.now, number, call.at, amount, spare);
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
