//! Both schedulers side by side.

use super::super::*;
use super::SECOND;
use super::ops::{Op, account, limits};
use super::plain::{Came, Plain};
use crate::call::Priority;
use std::time::Duration;

/// The scheduler and the plain ones side by side, with what a caller would hold.
pub(super) struct Run {
    pub(super) scheduler: Scheduler<u64>,
    /// `None` where tenants share.
    plain: Option<Plain>,
    now: u64,
    /// Whether the scheduler know that time.
    told: bool,
    names: u64,
    woken: Vec<u64>,
    /// By name, those who have not come to know what becomes of them, and whether they were woken.
    pub(super) waiting: BTreeMap<u64, (Place, Came, u64)>,
    pub(super) held: Vec<Charge>,
}

impl Run {
    pub(super) fn new(settings: Settings, tenants: u64) -> Self {
        Self {
            scheduler: Scheduler::new(account(), Arc::new(settings.clone())),
            plain: (tenants == 1).then(|| Plain {
                account: account(),
                settings,
                line: Vec::new(),
                ended: Vec::new(),
                closed: false,
            }),
            now: 0,
            told: true,
            names: 0,
            woken: Vec::new(),
            waiting: BTreeMap::new(),
            held: Vec::new(),
        }
    }

    fn come(
        &mut self,
        priority: Priority,
        tenant: u64,
        tokens: u64,
        bound: Option<u64>,
        wait: Option<u64>,
    ) {
        self.told = true;
        let now = self.now;
        let name = self.names;
        self.names += 1;
        let call = Call {
            amount: Amount::call(tokens),
            priority,
            tenant,
            deadline: bound.map(|bound| now + bound - SECOND.min(now + bound)),
            latest: wait.map(|wait| now + wait),
        };
        let latest = self.scheduler.settings.max_wait.map_or(u64::MAX, nanos);
        let latest = latest.min(wait.unwrap_or(u64::MAX));
        let latest = now.saturating_add(latest);
        let deadline = call.deadline.filter(|deadline| *deadline < latest);
        let came = Came {
            name,
            class: priority.index(),
            at: now,
            amount: call.amount,
            give_up: deadline.unwrap_or(latest),
            bound: deadline.map_or(Cause::MaxWait, |_| Cause::Deadline),
        };
        let entered = match self.scheduler.enter_at_once(now, &call) {
            Some(entry) => Entered::Admitted(entry),
            None => self.scheduler.enter(now, call),
        };
        if let Some(plain) = &mut self.plain {
            let late = call.deadline.is_some_and(|deadline| now > deadline);
            match (plain.enter(now, came.clone(), late), &entered) {
                (Ok(Some(entry)), Entered::Admitted(other)) => assert_eq!(entry, *other),
                (Ok(None), Entered::Waits(_)) => {}
                (Err((cause, at)), Entered::Rejected(other, time)) => {
                    assert_eq!((&cause, at), (other, *time));
                }
                (plain, _) => panic!("{entered:?}, not {plain:?}"),
            }
        }
        match entered {
            Entered::Admitted(entry) => self.held.push(entry),
            Entered::Rejected(..) => {}
            Entered::Waits(place) => {
                self.waiting.insert(name, (place, came, tenant));
                self.ask(name);
            }
        }
    }

    fn ask(&mut self, name: u64) {
        let (place, ..) = self.waiting[&name];
        match self.scheduler.answer(place) {
            Some(answer) => {
                if let Some(plain) = &mut self.plain {
                    let ended = plain.ended.iter().position(|(other, _)| *other == name);
                    let (_, expected) = plain.ended.remove(ended.expect("it has ended there too"));
                    assert_eq!(answer, expected);
                }
                self.waiting.remove(&name);
                self.woken.retain(|woken| *woken != name);
                self.held.extend(answer.ok());
            }
            None => {
                self.scheduler.wait(place, name);
            }
        }
    }

    pub(super) fn leave(&mut self, name: u64) {
        self.told = true;
        let (place, ..) = self.waiting.remove(&name).expect("it waits");
        self.woken.retain(|woken| *woken != name);
        self.scheduler.leave(self.now, place);
        if let Some(plain) = &mut self.plain {
            plain.line.retain(|came| came.name != name);
            if let Some(ended) = plain.ended.iter().position(|(other, _)| *other == name) {
                if let (_, Ok(charge)) = plain.ended.remove(ended) {
                    plain.account.cancel(self.now, &charge);
                }
            }
            plain.advance(self.now);
        }
    }

    pub(super) fn end(&mut self, held: usize, end: End) {
        self.told = true;
        let charge = self.held.swap_remove(held);
        let now = self.now;
        self.scheduler.end(now, &charge, end);
        if let Some(plain) = &mut self.plain {
            match end {
                End::Came(actual) => plain.account.settle(now, &charge, actual),
                End::Kept => plain.account.keep(now, &charge),
                End::Refunded => plain.account.cancel(now, &charge),
            }
            plain.advance(now);
        }
    }

    fn confirm(&mut self, held: usize) {
        self.told = true;
        let (now, charge) = (self.now, &self.held[held]);
        self.scheduler.confirmed(now, charge);
        if let Some(plain) = &mut self.plain {
            plain.account.confirmed(now, charge);
            plain.advance(now);
        }
    }

    fn set_limits(&mut self, limits: Vec<Limit>) {
        self.told = true;
        self.scheduler.set_limits(self.now, limits.clone());
        if let Some(plain) = &mut self.plain {
            plain.account.set_limits(self.now, limits);
            plain.turn_away(self.now);
            plain.look_over(self.now);
            plain.advance(self.now);
        }
    }

    fn close(&mut self) {
        self.told = true;
        self.scheduler.close(self.now);
        if let Some(plain) = &mut self.plain {
            plain.close(self.now);
        }
        assert!(self.scheduler.queue.is_empty());
    }

    fn throttle(&mut self, held: usize, throttle: Throttle) {
        self.told = true;
        let entry = self.held.swap_remove(held);
        let now = self.now;
        let at = self.scheduler.end_throttled(now, &entry, throttle);
        if let Some(plain) = &mut self.plain {
            let before = plain.all_go_at(now);
            let again = match throttle {
                Throttle::Rate { retry_after, unit } => {
                    let again = plain.account.blame_limit(now, &entry, unit);
                    if let Some(hint) = retry_after {
                        plain.account.hold(now, nanos(hint));
                    }
                    again
                }
                Throttle::Exhausted { retry_after } => {
                    let hint = retry_after.expect("it has one");
                    plain.account.exhausted(now, &entry, nanos(hint))
                }
            };
            plain.turn_away(now);
            if plain.all_go_at(now) > before {
                plain.look_over(now);
            }
            plain.advance(now);
            assert_eq!(at, plain.account.retry_at(now, entry.amount()).max(again));
        }
    }

    pub(super) fn step(&mut self, op: Op) {
        let nth = |n: usize, len: usize| n.checked_rem(len);
        let name = |n| {
            let n = nth(n, self.waiting.len())?;
            self.waiting.keys().nth(n).copied()
        };
        match op {
            Op::Wait(time) => {
                self.now += time;
                self.told = false;
            }
            Op::Sleep => {
                self.now = self
                    .scheduler
                    .wake_at
                    .map_or(self.now, |at| at.max(self.now));
            }
            Op::Come(priority, tenant, tokens, bound, wait) => {
                self.come(priority, tenant, tokens, bound, wait);
            }
            Op::Leave(n) => drop(name(n).map(|name| self.leave(name))),
            Op::Ask(n) => drop(name(n).map(|name| self.ask(name))),
            Op::Settle(n, tokens) => {
                if let Some(n) = nth(n, self.held.len()) {
                    self.end(n, End::Came(Amount::call(tokens)));
                }
            }
            Op::Refund(n) => {
                if let Some(n) = nth(n, self.held.len()) {
                    self.end(n, End::Refunded);
                }
            }
            Op::Keep(n) => {
                if let Some(n) = nth(n, self.held.len()) {
                    self.end(n, End::Kept);
                }
            }
            Op::Confirm(n) => {
                if let Some(n) = nth(n, self.held.len()) {
                    self.confirm(n);
                }
            }
            Op::Close => self.close(),
            Op::SetLimits(calls, tokens) => self.set_limits(limits(calls, tokens)),
            Op::Throttle(n, hint) => {
                if let Some(n) = nth(n, self.held.len()) {
                    let retry_after = hint.map(Duration::from_nanos);
                    let unit = None;
                    self.throttle(n, Throttle::Rate { retry_after, unit });
                }
            }
            Op::Exhaust(n, hint) => {
                if let Some(n) = nth(n, self.held.len()) {
                    let retry_after = Some(Duration::from_nanos(hint));
                    self.throttle(n, Throttle::Exhausted { retry_after });
                }
            }
        }
        if matches!(op, Op::Sleep) {
            self.told = true;
            self.scheduler.advance(self.now);
            if let Some(plain) = &mut self.plain {
                plain.advance(self.now);
            }
        }
    }

    /// What holds whenever nobody is at work.
    pub(super) fn check(&mut self) {
        self.woken.extend(self.scheduler.take_woken());
        if !self.told {
            return;
        }
        let Self { scheduler, now, .. } = self;
        // Nobody waits who could go, or who has no time left.
        let first = scheduler.queue.front().map(|(_, first)| first.amount);
        let at = first.map(|amount| {
            let admitted = scheduler.account.admit(*now, amount);
            admitted.expect_err("it would have gone")
        });
        let expiry = scheduler.queue.first_expiry().map(|(expiry, _)| expiry);
        assert_eq!(
            scheduler.wake_at,
            at.map(|at| at.min(expiry.unwrap_or(u64::MAX)))
        );
        assert!(scheduler.wake_at.is_none_or(|at| at > *now));
        // Everybody waits, or has an answer and was woken once.
        let mut woken = self.woken.clone();
        woken.sort_unstable();
        let is_answered =
            |(place, ..): &&(Place, Came, u64)| scheduler.answers.contains_key(&place.number());
        let answered = self.waiting.values().filter(is_answered);
        let answered: Vec<_> = answered.map(|(_, came, _)| came.name).collect();
        assert_eq!(woken, answered);
        assert_eq!(scheduler.answers.len(), answered.len());
        assert_eq!(scheduler.queue.len() + answered.len(), self.waiting.len());
        // No permit is lost, and none found.
        let admitted = scheduler
            .answers
            .values()
            .filter_map(|answer| answer.as_ref().ok());
        let mut pending = Amount::NONE;
        for entry in self.held.iter().chain(admitted) {
            pending += entry.amount();
        }
        assert_eq!(scheduler.account.counts().pending, pending);
        // Nobody goes before another of the same tenant and priority that came first.
        for (place, came, tenant) in self.waiting.values() {
            if !matches!(scheduler.answers.get(&place.number()), Some(Ok(_))) {
                continue;
            }
            let overtaken = self.waiting.values().find(|(other, earlier, of)| {
                of == tenant
                    && earlier.class == came.class
                    && earlier.name < came.name
                    && !scheduler.answers.contains_key(&other.number())
            });
            assert!(overtaken.is_none(), "{overtaken:?}");
        }
    }
}
