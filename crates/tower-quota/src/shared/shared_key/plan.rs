//! What a process appends next.

use std::borrow::Cow;

use super::super::log::{Append, Claim, Totals};
use super::super::snapshot;
use super::super::turn::{Begins, Facts, Wanted, encode};
use super::{MILLISECOND, Next, SECOND, SharedKey, Stage};
use crate::account::{Account, Outlook};
use crate::limit::Amount;

/// What a call came to may be told so much later, where nobody waits for it.
const TOLD: u64 = 50 * MILLISECOND;
/// A process has places in line for what the limits bring in this time: so many calls at least, and at most.
const AHEAD: u64 = 2 * SECOND;
const PLACES: (u64, u64) = (2, 8);
/// No process has more places, nor claims more calls at a time.
const MOST: usize = 256;
/// A claim may arrive so much earlier than it usually does.
const EARLY: u64 = 3 * MILLISECOND;
/// One that waits asks so often at least whether it has missed something.
const ASKS: u64 = 30 * SECOND;

impl SharedKey {
    /// How many of those who wait are of interest here.
    pub(crate) fn looks_at(&self) -> usize {
        self.grants.len() + 2 * MOST
    }

    /// Whether calls wait for what others do. Those that go at once need not hear of it before they ask.
    pub(crate) fn hears(&self) -> bool {
        self.hears
    }

    /// What is to be done now, if `wanted` wait, in their order.
    pub(crate) fn next(&mut self, account: &mut Account, now: u64, wanted: &[Wanted]) -> Next {
        self.tidy(now, wanted.len());
        self.hears = false;
        let idle = wanted.is_empty() && self.journal.due(0).is_none();
        match &mut self.stage {
            Stage::New { .. } if idle => return Next::Wait(None),
            Stage::New { again } if now < *again => return Next::Wait(Some(*again)),
            Stage::New { again } => {
                // From the first try on.
                if *again == 0 {
                    self.heard = now;
                }
                return Next::Load(self.base(account));
            }
            Stage::Doubt => return Next::Load(self.base(account)),
            // There is nothing to tell, and the next call does not wait for the log.
            Stage::Alone(_) if idle => return Next::Wait(None),
            Stage::Alone(alone) => {
                alone.even_out(account, self.clock.log(now));
                let again = alone.again;
                return match now < again {
                    true => Next::Wait(Some(again)),
                    false => Next::Load(self.base(account)),
                };
            }
            Stage::Joined => {}
        }
        if self.snapshot_is_due() {
            let bytes = snapshot::write(account, &self.replica);
            return Next::Save(self.replica.position, bytes);
        }
        let (append, due) = self.plan(account, now, wanted);
        let asks = !wanted.is_empty() && (self.behind || now >= self.heard + ASKS);
        if !append.is_empty() || asks {
            return Next::Append(append);
        }
        let asks = (!wanted.is_empty()).then_some(self.heard + ASKS);
        let dues = [due, asks, self.journal.due(TOLD), self.untidy(wanted.len())];
        Next::Wait(dues.into_iter().flatten().min())
    }

    /// What to append, and when to plan again if it is nothing.
    fn plan(
        &mut self,
        account: &mut Account,
        now: u64,
        wanted: &[Wanted],
    ) -> (Append, Option<u64>) {
        let waiting = &*self.without_grant(wanted);
        let mut facts = Facts::of(self.me);
        // What a throttle of ours means is known when it is folded.
        let stops = self.journal.unlogged().any(|(_, ended)| ended.is_stop());
        let may_go = if stops { &[] } else { waiting };
        let (calls, up_to, due) = self.claimable(account, now, may_go, &mut facts);
        self.hears = calls.len() < waiting.len();
        let claim = (!calls.is_empty()).then(|| self.claim(&calls, up_to));
        let last = self
            .replica
            .members
            .get(&self.me)
            .map_or(0, |member| member.begun);
        let at = self.clock.log(now);
        facts.late = self.journal.unheard(last, at).collect();
        if !facts.late.is_empty() {
            facts.lacks = self.lacks;
        }
        let told = self.journal.due(TOLD).is_some_and(|due| due <= now);
        let line = self.line(waiting, calls.len());
        let sends = told
            || claim.is_some()
            || !facts.late.is_empty()
            || !facts.silent.is_empty()
            || line.as_ref().is_some_and(|(_, asks)| *asks);
        let mut append = Append {
            seen: self.replica.position,
            heard: None,
            claim,
            ..Append::default()
        };
        if sends {
            facts.line = line.map(|(line, _)| line);
            facts.ended = self.journal.unlogged().collect();
            facts.confirmed = std::mem::take(&mut self.confirmed);
            append.stop = facts.is_stop();
            append.facts = if facts.is_empty() {
                Vec::new()
            } else {
                encode(&facts)
            };
        }
        append.heard = Some(self.clock.said(now));
        (append, due)
    }

    /// Those for whom the log has let no call begin yet that is as large.
    fn without_grant<'a>(&self, wanted: &'a [Wanted]) -> Cow<'a, [Wanted]> {
        if self.grants.is_empty() {
            return Cow::Borrowed(wanted);
        }
        let mut grants: Vec<_> = self.grants.iter().map(|grant| grant.tokens).collect();
        let mut waiting = wanted.to_vec();
        waiting.retain(|wanted| {
            let fits = grants.iter().position(|tokens| *tokens >= wanted.tokens);
            fits.map(|grant| grants.remove(grant)).is_none()
        });
        Cow::Owned(waiting)
    }

    fn claim(&mut self, calls: &[u64], up_to: Totals) -> Claim {
        let begins = Begins {
            member: self.me,
            first: self.journal.take_numbers(calls.len() as u64),
            tokens: calls.to_vec(),
        };
        self.claimed = Some(begins.first);
        let sum = begins.amount();
        Claim {
            bytes: encode(&begins),
            calls: sum.calls,
            tokens: sum.tokens,
            up_to,
        }
    }

    /// The calls that can begin when this arrives, and what may be claimed up to there; or when to look again.
    fn claimable(
        &mut self,
        account: &mut Account,
        now: u64,
        waiting: &[Wanted],
        facts: &mut Facts,
    ) -> (Vec<u64>, Totals, Option<u64>) {
        let nothing = |due| (Vec::new(), Totals::default(), due);
        let Some(first) = waiting.first() else {
            self.overdue.clear();
            return nothing(None);
        };
        if now < self.held {
            return nothing(Some(self.held));
        }
        // Not too early: a call that is charged before its time is sent before it, too.
        let arrival = self.clock.arrival(now).saturating_sub(EARLY);
        let ahead = self.replica.line.ahead_of(self.me, waiting);
        let is_first = ahead.first() == Some(&Amount::NONE);
        let totals = self.replica.totals;
        // From what was folded straight to then, as all will fold it: on the way calls would be confirmed earlier.
        self.view = None;
        let view = self.view(account);
        let at = match view.outlook(arrival, first.amount()) {
            Outlook::Goes(spare) => {
                let (calls, spare) = greedy(spare, waiting, &ahead);
                if !calls.is_empty() {
                    self.overdue.clear();
                    let up_to = Totals {
                        calls: totals.calls.saturating_add(spare.calls),
                        tokens: totals.tokens.saturating_add(spare.tokens),
                        stops: totals.stops,
                    };
                    return (calls, up_to, None);
                }
                arrival
            }
            Outlook::GoesFirst if is_first => {
                self.overdue.clear();
                return (vec![first.tokens], totals, None);
            }
            Outlook::GoesFirst => arrival,
            Outlook::Waits(at) => at,
        };
        let due = if is_first {
            self.overdue.clear();
            at
        } else {
            self.after_others(account, now, arrival, first, ahead[0], facts)
        };
        let due = self
            .clock
            .local(due.saturating_add(EARLY))
            .saturating_sub(self.clock.way());
        nothing(Some(due.max(now + MILLISECOND)))
    }

    /// When to look again, by the log's time, where others are ahead.
    fn after_others(
        &mut self,
        account: &mut Account,
        now: u64,
        arrival: u64,
        mine: &Wanted,
        ahead: Amount,
        facts: &mut Facts,
    ) -> u64 {
        let fits = self.view(account).fits_at(arrival, ahead, mine.amount());
        // Else it would have gone: what it waits for is that those ahead do.
        let fits = if fits <= arrival { u64::MAX } else { fits };
        let Some((place, wanted)) = self.replica.line.first() else {
            return fits;
        };
        let goes = match self.view(account).outlook(arrival, wanted.amount()) {
            Outlook::Goes(_) | Outlook::GoesFirst => arrival,
            Outlook::Waits(at) => at,
        };
        if place.member == self.me || goes > arrival {
            self.overdue.clear();
            return fits.min(goes.max(arrival.saturating_add(MILLISECOND)));
        }
        let rank = self.replica.line.rank_behind_first(self.me);
        match self.overdue.look(now, place, rank) {
            Ok(silent) => {
                facts.silent.push(silent);
                fits
            }
            Err(late) => fits.min(self.clock.arrival(late)),
        }
    }

    /// The places that this process should have in line, if they are others than it has, and whether that is worth an
    /// entry of its own.
    fn line(&self, waiting: &[Wanted], claimed: usize) -> Option<(Vec<Wanted>, bool)> {
        let has: Vec<_> = self.replica.line.of(self.me).collect();
        let rest = waiting.len() - claimed;
        if rest == 0 && has.is_empty() {
            return None;
        }
        let places = rest.min(self.places(waiting));
        let wants = &waiting[..claimed + places];
        let kept = has.len().saturating_sub(claimed);
        let asks = has.len() > waiting.len() || kept < places.div_ceil(2);
        (has != wants).then(|| (wants.to_vec(), asks))
    }

    fn places(&self, waiting: &[Wanted]) -> usize {
        let worth = waiting.first().map_or(0, |first| first.worth).max(1);
        let (least, most) = PLACES;
        let ahead = (AHEAD / worth).clamp(least, most);
        let (_, calls, before) = self.lately;
        MOST.min((ahead + 2 * calls.max(before)) as usize)
    }
}

/// The first calls for which there is room after those that are ahead of them, and what is spare then.
fn greedy(mut spare: Amount, waiting: &[Wanted], ahead: &[Amount]) -> (Vec<u64>, Amount) {
    let mut calls = Vec::new();
    for (wanted, ahead) in waiting.iter().zip(ahead).take(MOST) {
        let mut left = spare;
        if !calls.is_empty() {
            let amount = wanted.amount();
            let Some(rest) = left.calls.checked_sub(amount.calls) else {
                break;
            };
            let Some(tokens) = left.tokens.checked_sub(amount.tokens) else {
                break;
            };
            left = Amount {
                calls: rest,
                tokens,
            };
        }
        if left.calls < ahead.calls || left.tokens < ahead.tokens {
            break;
        }
        calls.push(wanted.tokens);
        spare = left;
    }
    (calls, spare)
}
