use std::collections::VecDeque;

use self::granting::{Grant, UNUSED};
use super::alone::Alone;
use super::clock::Clock;
use super::journal::Journal;
use super::log::{Append, Base, Position};
use super::overdue::Overdue;
use super::replica::Replica;
use super::turn::{Ended, MemberId};
use crate::account::{Account, Charge};
use crate::limit::{Amount, Limit};

mod folding;
mod granting;
mod loading;
mod plan;

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;

/// Others who wait hear at once of a call that gives back what the limits take so long to bring.
const MUCH: u64 = SECOND / 2;

/// One process's part in a key that others use too: pure state that is told the time, in nanoseconds of the key.
///
/// It says what is to be done next ([`next`](Self::next)), and is told what came of it.
#[derive(Debug)]
pub(crate) struct SharedKey {
    me: MemberId,
    stage: Stage,
    replica: Replica,
    /// The account as it is taken to be by now: only what is folded changes the one that is shared, or that would
    /// depend on when it was looked at. None until it is asked for, and after each entry.
    view: Option<Account>,
    clock: Clock,
    journal: Journal,
    /// Calls that the log has let begin, and nobody has taken yet.
    grants: VecDeque<Grant>,
    /// The first of the calls that are claimed, while that is not answered.
    claimed: Option<u64>,
    /// How many calls began in the second from then on, and in the one before.
    lately: (u64, u64, u64),
    /// Calls that the server has begun to answer: to be told with the next entry.
    confirmed: Vec<u64>,
    overdue: Overdue,
    /// What a bucket lacks by what began while the log was not heard.
    lacks: (u64, u64),
    /// Nothing is begun before.
    held: u64,
    /// Something may have been missed.
    behind: bool,
    /// The log did not take what was told it last: that it can be read is not enough.
    refused: bool,
    /// Whether calls wait for what others do.
    hears: bool,
    /// When the log was heard last.
    heard: u64,
    /// Somebody was told that there is nothing for a long time, or less.
    stopped: bool,
    /// A snapshot is to be saved.
    saves: bool,
    /// What this process was told last.
    limits: Vec<Limit>,
    /// When the journal was pruned last.
    pruned: u64,
    exhausted_for: u64,
}

#[derive(Debug)]
enum Stage {
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

/// What is to be done next.
#[derive(Debug)]
pub(crate) enum Next {
    Load(Base),
    Save(Position, Vec<u8>),
    Append(Append),
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
            refused: false,
            hears: false,
            heard: now,
            stopped: false,
            saves: false,
            limits,
            pruned: now,
            exhausted_for,
        }
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
        // Otherwise the log is told what it came to, and that is enough.
        if matches!(self.stage, Stage::Joined) {
            self.confirmed.push(number);
        }
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

    #[cfg(test)]
    pub(super) fn replica(&self) -> &Replica {
        &self.replica
    }
}

#[cfg(test)]
mod tests;
