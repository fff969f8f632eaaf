use std::collections::VecDeque;

use super::alone::Alone;
use super::clock::Clock;
use super::journal::Journal;
use super::log::{Appended, Base, Entry, Heard, Loaded, Position, Tail, Totals};
use super::overdue::Overdue;
use super::replica::{Folded, Replica};
use super::snapshot;
use super::turn::{Ended, Facts, MemberId};
use crate::account::{Account, Charge};
use crate::limit::{Amount, Limit};

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;

/// What the log granted is given back if it is older when it is heard of: the server would count it too late.
const STALE: u64 = 2 * SECOND;
/// What was granted and is not taken for so long is given back.
const UNUSED: u64 = 200 * MILLISECOND;
/// Others who wait hear at once of a call that gives back what the limits take so long to bring.
const MUCH: u64 = SECOND / 2;
/// A snapshot is made each time that so many entries have come.
const SNAPSHOT: u64 = 256;
/// How often the log is tried that cannot be reached.
const RETRY: u64 = 500 * MILLISECOND;
/// Nothing is begun for so long after the log was gone: others may have used more than they have told yet.
const RETURNED: u64 = SECOND;

/// One process's part in a key that others use too: pure state that is told the time, in nanoseconds of the key.
///
/// It says what is to be done next ([`next`](Self::next)), and is told what came of it.
#[derive(Debug)]
pub(crate) struct SharedKey {
    pub(super) me: MemberId,
    pub(super) stage: Stage,
    pub(super) replica: Replica,
    /// The account as it is taken to be by now: only what is folded changes the one that is shared, or that would
    /// depend on when it was looked at. None until it is asked for, and after each entry.
    view: Option<Account>,
    pub(super) clock: Clock,
    pub(super) journal: Journal,
    /// Calls that the log has let begin, and nobody has taken yet.
    pub(super) grants: VecDeque<Grant>,
    /// What is claimed and not answered.
    pub(super) claimed: Option<(u64, u64)>,
    /// How many calls began in the second from then on, and in the one before.
    pub(super) lately: (u64, u64, u64),
    pub(super) confirmed: Vec<u64>,
    pub(super) overdue: Overdue,
    /// What a bucket lacks by what began while the log was not heard.
    pub(super) lacks: (u64, u64),
    /// Nothing is begun before.
    pub(super) held: u64,
    /// Something may have been missed.
    pub(super) behind: bool,
    /// When the log was heard last.
    pub(super) heard: u64,
    /// Somebody was told that there is nothing for a long time, or less.
    stopped: bool,
    saves: bool,
    limits: Vec<Limit>,
    pruned: u64,
    exhausted_for: u64,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// The log was never read. It is not before that time.
    New {
        again: u64,
    },
    Joined,
    /// It is to be read once more: something is missing, or it did not answer.
    Doubt,
    /// It does not answer.
    Alone(Box<Alone>),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    pub(super) number: u64,
    pub(super) tokens: u64,
    pub(super) at: u64,
}

/// What is to be done next.
#[derive(Debug)]
pub(crate) enum Next {
    Load(Base),
    Save(Position, Vec<u8>),
    Append(super::log::Append),
    /// Nothing before that time, if at all.
    Wait(Option<u64>),
}

impl SharedKey {
    /// A process of that name, which was told these limits.
    pub(crate) fn new(me: MemberId, limits: Vec<Limit>, now: u64, exhausted_for: u64) -> Self {
        Self {
            me,
            stage: Stage::New { again: 0 },
            replica: Replica::default(),
            view: None,
            clock: Clock::new(now),
            journal: Journal::default(),
            grants: VecDeque::new(),
            claimed: None,
            lately: (now, 0, 0),
            confirmed: Vec::new(),
            overdue: Overdue::default(),
            lacks: (0, 0),
            held: 0,
            behind: false,
            heard: now,
            stopped: false,
            saves: false,
            limits,
            pruned: now,
            exhausted_for,
        }
    }

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

    /// The call has ended, or will have nothing more to say.
    pub(crate) fn end(&mut self, account: &Account, now: u64, charge: &Charge, ended: Ended) {
        let at = self.clock.log(now);
        let number = charge.number();
        let fresh = at.saturating_sub(charge.at()) < UNUSED;
        if ended == Ended::Refunded && fresh && matches!(self.stage, Stage::Joined) {
            // Nothing was sent: the next in line may take it.
            self.grants.push_back(Grant {
                number,
                tokens: charge.amount().tokens,
                at: charge.at(),
            });
            return;
        }
        let back = match ended {
            Ended::Came(tokens) => charge.amount().tokens.saturating_sub(tokens),
            Ended::Refunded => charge.amount().tokens,
            Ended::Kept | Ended::Throttled { .. } | Ended::Exhausted(_) => 0,
        };
        let much = account.worth(Amount {
            calls: 0,
            tokens: back,
        }) >= MUCH;
        self.finish(now, number, ended, much && !self.replica.line.is_empty());
    }

    /// `urgent`: others are to hear of it at once.
    fn finish(&mut self, now: u64, number: u64, ended: Ended, urgent: bool) {
        let at = self.clock.log(now);
        if let Stage::Alone(alone) = &mut self.stage {
            let call = self.journal.get_mut(number);
            if let Some(charge) = call.and_then(|call| call.alone.take()) {
                alone.end(at, &charge, ended);
            }
        }
        self.journal.end(number, ended, now, urgent);
    }

    pub(crate) fn throttled(&mut self, now: u64, charge: &Charge, throttle: crate::call::Throttle) {
        let ended = Ended::throttled(throttle, self.exhausted_for);
        self.finish(now, charge.number(), ended, true);
    }

    /// The server has begun to answer the call.
    pub(crate) fn confirmed(&mut self, now: u64, charge: &Charge) {
        let at = self.clock.log(now);
        let number = charge.number();
        if let Stage::Alone(alone) = &mut self.stage {
            if let Some(charge) = self
                .journal
                .get(number)
                .and_then(|call| call.alone.as_ref())
            {
                alone.account.confirmed(at, charge);
            }
        }
        self.confirmed.push(number);
    }

    /// What the log has charged for a call of ours.
    pub(crate) fn charge_of(&self, charge: &Charge) -> Option<&Charge> {
        let member = self.replica.members.get(&self.me)?;
        member.pending.get(&charge.number())
    }

    pub(crate) fn set_limits(&mut self, account: &mut Account, limits: Vec<Limit>) {
        self.limits.clone_from(&limits);
        self.view = None;
        account.set_limits(self.replica.at, limits);
    }

    /// The account as it is taken to be by now.
    pub(crate) fn view(&mut self, account: &Account) -> &mut Account {
        self.view.get_or_insert_with(|| account.clone())
    }

    /// When a call would go that comes now, at best.
    pub(crate) fn newcomer_goes_at(
        &mut self,
        account: &mut Account,
        now: u64,
        amount: Amount,
    ) -> u64 {
        let at = self.clock.log(now);
        let goes = match &mut self.stage {
            Stage::Alone(alone) => alone.account.may_go_at(at, amount),
            Stage::New { .. } | Stage::Joined | Stage::Doubt => {
                let ahead = self.replica.line.amount();
                let account = self.view(account);
                match ahead {
                    Amount::NONE => account.may_go_at(at, amount),
                    ahead => account.fits_at(at, ahead, amount),
                }
            }
        };
        if goes <= at {
            now
        } else {
            self.clock.local(goes)
        }
    }

    /// Whether there may be nothing to wait for any more, since this was asked last.
    pub(crate) fn was_stopped(&mut self) -> bool {
        std::mem::take(&mut self.stopped)
    }

    /// Whether calls go by a part of the limits, for the log does not answer.
    pub(crate) fn is_alone(&self) -> bool {
        matches!(self.stage, Stage::Alone(_))
    }

    /// Whether all that is of interest to others was told.
    pub(crate) fn is_settled(&self) -> bool {
        self.journal.is_settled() && self.replica.line.of(self.me).next().is_none()
    }

    /// The log's time.
    pub(crate) fn log_time(&self, now: u64) -> u64 {
        self.clock.log(now)
    }

    pub(crate) fn local_time(&self, at: u64) -> u64 {
        self.clock.local(at)
    }

    /// How long an answer of the log is waited for.
    pub(crate) fn patience(&self) -> u64 {
        self.clock.patience()
    }

    pub(super) fn base(&self, account: &Account) -> Base {
        let joined = !matches!(self.stage, Stage::New { .. });
        let position = Position {
            epoch: fastrand::u64(1..),
            number: self.replica.position.number,
        };
        Base {
            position,
            at: self.replica.at / 1_000,
            totals: self.replica.totals,
            snapshot: joined.then(|| snapshot::write(account, &self.replica)),
        }
    }

    pub(super) fn snapshot_is_due(&mut self) -> bool {
        std::mem::take(&mut self.saves)
    }

    /// The log was read, as asked at `sent`.
    pub(crate) fn loaded(
        &mut self,
        account: &mut Account,
        (sent, now): (u64, u64),
        loaded: &Loaded,
    ) {
        let Tail { position, at, .. } = loaded.tail;
        let read = self.replica.position;
        let went_back = read.epoch != 0 && (read.epoch != position.epoch || read > position);
        let was_away = went_back || matches!(self.stage, Stage::Alone(_));
        self.view = None;
        self.clock.set(at.saturating_mul(1_000), now);
        self.clock.answered(at.saturating_mul(1_000), sent, now);
        let first = loaded.tail.entries.first();
        let snapshot = loaded.snapshot.as_ref();
        let known = snapshot.and_then(|(number, bytes)| Some((*number, snapshot::read(bytes)?)));
        let is_known = known.is_some();
        let (number, (read, replica)) = known.unwrap_or_else(|| {
            let begins = first.map_or(position.number, |entry| entry.number.saturating_sub(1));
            let since = first.map_or(at, |entry| entry.at).saturating_mul(1_000);
            let account = Account::of_several(self.limits.clone(), since);
            (begins, (account, Replica::default()))
        });
        *account = read;
        self.replica = replica;
        self.replica.position = Position {
            epoch: position.epoch,
            number,
        };
        let at = self.clock.log(now);
        self.lacks = match std::mem::replace(&mut self.stage, Stage::Joined) {
            Stage::Alone(mut alone) => alone.lacks(at),
            Stage::New { .. } | Stage::Joined | Stage::Doubt => self.journal.lately(at),
        };
        self.behind = false;
        self.claimed = None;
        self.give_back(now);
        for entry in &loaded.tail.entries {
            if self.replica.fold(account, entry).is_none() {
                self.behind = true;
            }
        }
        if is_known && self.replica.position == position {
            self.replica.count_unread(account, loaded.tail.totals);
        } else {
            self.replica.totals = loaded.tail.totals;
        }
        if account.limits() != self.limits {
            account.set_limits(self.replica.at, self.limits.clone());
        }
        self.stopped = true;
        self.journal
            .reconcile(self.replica.members.get(&self.me), now);
        self.heard = now;
        self.saves = loaded.tail.entries.len() as u64 >= 2 * SNAPSHOT;
        if was_away {
            self.held = now + RETURNED;
        }
    }

    /// What came of appending what was sent at that time.
    pub(crate) fn appended(
        &mut self,
        account: &mut Account,
        (sent, now): (u64, u64),
        appended: &Appended,
    ) {
        let Appended::Tail(tail) = appended else {
            self.claimed = None;
            self.stage = Stage::Doubt;
            return;
        };
        let known = self.clock.log(now);
        self.clock
            .answered(tail.at.saturating_mul(1_000), sent, now);
        self.behind = false;
        self.heard = now;
        for entry in &tail.entries {
            self.fold(account, (now, known), entry);
        }
        if self.replica.position == tail.position {
            self.count(account, tail.totals);
        }
        // If it is not in there it was refused.
        self.claimed = None;
    }

    /// What the log tells by itself.
    pub(crate) fn told(&mut self, account: &mut Account, now: u64, heard: &Heard) {
        if !matches!(self.stage, Stage::Joined) {
            return;
        }
        match heard {
            Heard::Missed => self.behind = true,
            Heard::Entry { epoch, .. } if *epoch != self.replica.position.epoch => {
                self.behind = true;
            }
            Heard::Entry { totals, entry, .. } => {
                self.heard = now;
                let known = self.clock.log(now);
                self.clock.heard(entry.at.saturating_mul(1_000), now);
                let number = entry.number;
                if number > self.replica.position.number {
                    self.fold(account, (now, known), entry);
                    if self.replica.position.number == number {
                        self.count(account, *totals);
                    }
                }
            }
        }
    }

    /// `known` is the log's time as it was taken to be before this was heard: an answer may be old.
    fn fold(&mut self, account: &mut Account, (now, known): (u64, u64), entry: &Entry) {
        let Some(Folded { facts, begins }) = self.replica.fold(account, entry) else {
            self.behind = true;
            return;
        };
        self.view = None;
        self.stopped |= facts.as_ref().is_some_and(Facts::is_stop);
        if let Some(facts) = facts.filter(|facts| facts.member == self.me) {
            for (number, _) in facts.ended {
                self.journal.logged(number);
            }
            self.saves |= entry.number % SNAPSHOT == 0;
        }
        let Some(begins) = begins.filter(|begins| begins.member == self.me) else {
            return;
        };
        let at = entry.at.saturating_mul(1_000);
        let awaited = self.claimed.is_some_and(|(first, _)| first == begins.first);
        let fresh = self.clock.log(now).max(known).saturating_sub(at) < STALE;
        for (number, tokens) in begins.calls() {
            self.journal.begin(number, tokens, at, None);
            if awaited && fresh {
                self.note_grant(now);
                self.grants.push_back(Grant { number, tokens, at });
            } else {
                self.journal.end(number, Ended::Refunded, now, true);
            }
        }
    }

    /// What the log says of all claims up to here. Where it knows of less than this process, it is not the log that
    /// was read: one took over that had not heard all.
    fn count(&mut self, account: &mut Account, totals: Totals) {
        let known = self.replica.totals;
        if totals.calls < known.calls || totals.tokens < known.tokens || totals.stops < known.stops
        {
            self.stage = Stage::Doubt;
        } else {
            self.view = None;
            self.replica.count_unread(account, totals);
        }
    }

    fn note_grant(&mut self, now: u64) {
        let (since, calls, _) = self.lately;
        if now.saturating_sub(since) >= SECOND {
            let before = if now - since < 2 * SECOND { calls } else { 0 };
            self.lately = (now, 0, before);
        }
        self.lately.1 += 1;
    }

    /// The log did not answer in time, or not as it should.
    pub(crate) fn lost(&mut self, account: &Account, now: u64) {
        self.claimed = None;
        self.clock.unanswered();
        self.stage = match std::mem::replace(&mut self.stage, Stage::Doubt) {
            Stage::New { .. } if self.journal.is_settled() && now < self.heard + SECOND => {
                Stage::New { again: now + RETRY }
            }
            Stage::Joined => Stage::Doubt,
            Stage::New { .. } => Stage::Alone(Box::new(Alone::never_joined(
                account,
                self.clock.log(now),
                now + RETRY,
            ))),
            Stage::Doubt => {
                self.give_back(now);
                Stage::Alone(Box::new(Alone::new(
                    account,
                    &self.replica,
                    &self.journal,
                    self.me,
                    self.clock.log(now),
                    now + RETRY,
                )))
            }
            Stage::Alone(mut alone) => {
                alone.again = now + RETRY;
                Stage::Alone(alone)
            }
        };
    }

    /// What was granted and is not taken yet is not begun.
    fn give_back(&mut self, now: u64) {
        while let Some(grant) = self.grants.pop_front() {
            self.finish(now, grant.number, Ended::Refunded, true);
        }
    }

    /// What is not of use any more.
    pub(super) fn tidy(&mut self, now: u64, waiting: usize) {
        let at = self.clock.log(now);
        while self.grants.front().is_some_and(|grant| {
            waiting == 0 && at.saturating_sub(grant.at) >= UNUSED
                || at.saturating_sub(grant.at) >= STALE
        }) {
            if let Some(grant) = self.grants.pop_front() {
                self.finish(now, grant.number, Ended::Refunded, true);
            }
        }
        if now.saturating_sub(self.pruned) >= SECOND {
            self.pruned = now;
            self.journal.prune(at);
        }
    }

    /// Until when something is to be tidied.
    pub(super) fn untidy(&self) -> Option<u64> {
        let grant = self.grants.front()?;
        Some(self.clock.local(grant.at.saturating_add(UNUSED)))
    }

    /// What was claimed in the log by now.
    pub(super) fn totals(&self) -> Totals {
        self.replica.totals
    }
}
