use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::call::Priority;
use crate::limit::{Limit, Limits};

const SECOND: u64 = 1_000_000_000;

#[derive(Clone, Copy, Debug)]
enum Op {
    /// Without being told the time.
    Wait(u64),
    /// To when it has to be told the time.
    Sleep,
    /// With a deadline so long from now, or none, and with so long to wait.
    Come(Priority, u64, u64, Option<u64>, Option<u64>),
    /// Of those who wait or have not asked yet, by number.
    Leave(usize),
    Ask(usize),
    /// Of those under way, by number.
    Settle(usize, u64),
    Refund(usize),
    Keep(usize),
    Confirm(usize),
    Throttle(usize, Option<u64>),
    Exhaust(usize, u64),
    SetLimits(u64, u64),
    Close,
}

fn ops(tenants: u64) -> impl Strategy<Value = Vec<Op>> {
    let priority = prop_oneof![
        Just(Priority::High),
        Just(Priority::Normal),
        Just(Priority::Low)
    ];
    let bound = proptest::option::of(0..60 * SECOND);
    let op = prop_oneof![
        2 => (0..5 * SECOND).prop_map(Op::Wait),
        6 => Just(Op::Sleep),
        12 => (priority, 0..tenants, 0..20_u64, bound.clone(), bound)
            .prop_map(|(priority, tenant, tokens, bound, wait)| {
                Op::Come(priority, tenant, tokens, bound, wait)
            }),
        2 => any::<usize>().prop_map(Op::Leave),
        6 => any::<usize>().prop_map(Op::Ask),
        4 => (any::<usize>(), 0..40_u64).prop_map(|(n, tokens)| Op::Settle(n, tokens)),
        1 => any::<usize>().prop_map(Op::Refund),
        1 => any::<usize>().prop_map(Op::Keep),
        1 => any::<usize>().prop_map(Op::Confirm),
        1 => (10..100_u64, 15..1000_u64).prop_map(|(calls, tokens)| Op::SetLimits(calls, tokens)),
        1 => Just(Op::SetLimits(0, 0)),
        1 => (any::<usize>(), proptest::option::of(0..3 * SECOND))
            .prop_map(|(n, hint)| Op::Throttle(n, hint)),
        1 => (any::<usize>(), 0..10 * SECOND).prop_map(|(n, hint)| Op::Exhaust(n, hint)),
    ];
    let close = proptest::option::of(any::<proptest::sample::Index>());
    (proptest::collection::vec(op, 1..150), close).prop_map(|(mut ops, close)| {
        if let Some(index) = close {
            ops.insert(index.index(ops.len()), Op::Close);
        }
        ops
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    (1..30_usize, proptest::option::of(0..40_u64)).prop_map(|(max_queue, max_wait)| Settings {
        max_queue,
        max_wait: max_wait.map(Duration::from_secs),
        aging: Duration::from_secs(3),
        ..Settings::default()
    })
}

/// Limits of nothing are not known.
fn limits(calls: u64, tokens: u64) -> Vec<Limit> {
    if calls == 0 {
        return Limits::unknown().or_probing();
    }
    vec![
        Limit::calls_per_minute(calls).burst(3),
        Limit::tokens_per_minute(tokens).burst(tokens / 15),
    ]
}

fn account() -> Account {
    Account::new(limits(60, 600), 0)
}

/// One who waits, by the name that is to be woken.
#[derive(Clone, Debug)]
struct Came {
    name: u64,
    class: usize,
    at: u64,
    amount: Amount,
    give_up: u64,
    bound: Cause,
}

impl Came {
    fn turn(&self, aging: u64) -> (u64, usize, u64) {
        (self.at + aging * self.class as u64, self.class, self.name)
    }
}

/// The same without an index, a total or a short cut: a list of those who wait in the order of
/// their turns, walked from its start each time. All are one tenant's.
struct Plain {
    account: Account,
    settings: Settings,
    line: Vec<Came>,
    ended: Vec<(u64, Answer)>,
    closed: bool,
}

impl Plain {
    fn goes_at(&mut self, now: u64, place: usize) -> u64 {
        let mut ahead = Amount::NONE;
        for came in &self.line[..place] {
            ahead += came.amount;
        }
        self.account.fits_at(now, ahead, self.line[place].amount)
    }

    fn told(&mut self, now: u64, place: usize) -> u64 {
        let mut forecast = self.account.forecast(now);
        let turns = self.line[..=place].iter();
        match turns.fold(now, |at, came| at.max(forecast.next(came.amount))) {
            u64::MAX => self.goes_at(now, place),
            at => at,
        }
    }

    /// Whether the one at `place` will not make it, whatever is only guessed.
    fn is_late(&mut self, now: u64, place: usize) -> bool {
        let mut ahead = Amount::NONE;
        for came in &self.line[..place] {
            ahead += came.amount;
        }
        let Came {
            amount, give_up, ..
        } = self.line[place];
        self.account.waits_until(now, ahead, amount) > give_up
    }

    fn enter(
        &mut self,
        now: u64,
        came: Came,
        late: bool,
    ) -> Result<Option<Charge>, (Cause, Option<u64>)> {
        self.advance(now);
        if let Some(refused) = self.refuses(now, came.amount) {
            return Err(refused);
        }
        if self.closed {
            let at = self.account.fits_at(now, Amount::NONE, came.amount);
            return Err((Cause::Closed, Some(at)));
        }
        if self.line.is_empty() && !late {
            if let Ok(entry) = self.account.admit(now, came.amount) {
                return Ok(Some(entry));
            }
        }
        let aging = nanos(self.settings.aging);
        let turn = came.turn(aging);
        let place = self
            .line
            .iter()
            .filter(|other| other.turn(aging) < turn)
            .count();
        let (name, bound) = (came.name, came.bound.clone());
        self.line.insert(place, came);
        if self.is_late(now, place) {
            let at = self.told(now, place);
            self.line.remove(place);
            return Err((bound, Some(at)));
        }
        if self.line.len() > self.settings.max_queue {
            let last = (0..self.line.len()).max_by_key(|n| (self.line[*n].class, *n));
            let last = last.expect("it is lined up");
            let at = self.told(now, last);
            if self.line[last].name == name {
                self.line.remove(last);
                return Err((Cause::QueueFull, Some(at)));
            }
            self.end(last, |_| Err((Cause::QueueFull, Some(at))));
        }
        self.advance(now);
        Ok(None)
    }

    fn close(&mut self, now: u64) {
        self.advance(now);
        self.closed = true;
        let turns: Vec<_> = (0..self.line.len()).map(|n| self.told(now, n)).collect();
        for at in turns {
            self.end(0, |_| Err((Cause::Closed, Some(at))));
        }
    }

    fn all_go_at(&mut self, now: u64) -> u64 {
        let mut all = Amount::NONE;
        for came in &self.line {
            all += came.amount;
        }
        self.account.waits_until(now, all, Amount::NONE)
    }

    /// Why so much does not go however long it waits, or not for long.
    fn refuses(&self, now: u64, amount: Amount) -> Option<(Cause, Option<u64>)> {
        Some(match self.account.refuses(now, amount)? {
            Refusal::ExceedsLimit(limit) => {
                let (amount, limit) = (amount.of(limit.unit()), Box::new(limit.clone()));
                (Cause::TooLarge { amount, limit }, None)
            }
            Refusal::Exhausted(until) => (Cause::Exhausted, Some(until)),
            Refusal::SeemsTooLarge { answered } => {
                let tokens = amount.tokens;
                (Cause::SeemsTooLarge { tokens, answered }, None)
            }
        })
    }

    fn turn_away(&mut self, now: u64) {
        let mut place = 0;
        while place < self.line.len() {
            match self.refuses(now, self.line[place].amount) {
                Some(refused) => self.end(place, |_| Err(refused)),
                None => place += 1,
            }
        }
    }

    fn end(&mut self, place: usize, answer: impl FnOnce(Cause) -> Answer) {
        let came = self.line.remove(place);
        self.ended.push((came.name, answer(came.bound)));
    }

    fn advance(&mut self, now: u64) {
        while !self.line.is_empty() {
            let first = self.line[0].amount;
            match self.account.admit(now, first) {
                Ok(entry) => self.end(0, |_| Ok(entry)),
                Err(at) if at > self.line[0].give_up && self.is_late(now, 0) => {
                    let at = at.max(self.account.fits_at(now, Amount::NONE, first));
                    self.end(0, |bound| Err((bound, Some(at))));
                }
                Err(at) => {
                    let over = (0..self.line.len()).filter(|n| self.line[*n].give_up <= now);
                    let over = over.min_by_key(|n| (self.line[*n].give_up, self.line[*n].class));
                    let Some(over) = over else { return };
                    self.end(over, |bound| Err((bound, Some(at))));
                }
            }
        }
    }

    fn look_over(&mut self, now: u64) {
        let mut place = 0;
        while place < self.line.len() {
            if self.is_late(now, place) {
                let at = self.goes_at(now, place);
                self.end(place, |bound| Err((bound, Some(at))));
            } else {
                place += 1;
            }
        }
    }
}

/// Limits that a server may have, and what calls ask for: some are larger than a bucket.
fn any_limits() -> impl Strategy<Value = Vec<Limit>> {
    let bucket = (60..600_u64, 1..30_u64).prop_map(|(amount, burst)| (amount, Some(burst)));
    let kind = prop_oneof![bucket, (20..600_u64).prop_map(|amount| (amount, None))];
    let limit = |limit: Limit, burst: Option<u64>| match burst {
        Some(burst) => limit.burst(burst),
        None => limit.window(),
    };
    (kind.clone(), kind).prop_map(move |(calls, tokens)| {
        vec![
            limit(Limit::calls_per_minute(calls.0), calls.1),
            limit(
                Limit::tokens_per_minute(10 * tokens.0),
                tokens.1.map(|burst| 10 * burst),
            ),
        ]
    })
}

proptest! {
    /// Two lines of the same calls, one of them too short for the last: it is told when it goes in
    /// the other, where nobody else comes and nothing is heard of those that went.
    #[test]
    fn one_that_finds_the_queue_full_is_told_when_it_would_have_gone(
        limits in any_limits(),
        one in 1..3_usize,
        calls in proptest::collection::vec((0..3 * SECOND, 0..200_u64), 2..40),
    ) {
        let call = |tokens| Call {
            amount: Amount::call(tokens),
            priority: Priority::Normal,
            tenant: 0,
            deadline: None,
            latest: None,
        };
        let (last, before) = calls.split_last().expect("there are two");
        let mut now = 0;
        let mut line = || {
            let settings = Settings { max_queue: usize::MAX, ..Settings::default() };
            let mut account = Account::new(limits[..one].to_vec(), 0);
            account.learns_nothing();
            let mut scheduler = Scheduler::<u64>::new(account, Arc::new(settings));
            now = 0;
            for (wait, tokens) in before {
                now += wait;
                scheduler.enter(now, call(*tokens));
            }
            now += last.0;
            scheduler.advance(now);
            scheduler
        };
        let (mut long, mut short) = (line(), line());
        let max_queue = short.queue.len();
        short.settings = Arc::new(Settings { max_queue, ..Settings::default() });
        match (short.enter(now, call(last.1)), long.enter(now, call(last.1))) {
            (Entered::Rejected(Cause::QueueFull, at), Entered::Waits(place)) => {
                while long.answer(place).is_none() {
                    now = long.wake_at.expect("somebody waits");
                    long.advance(now);
                }
                prop_assert_eq!(at, Some(now));
            }
            (short, long) => prop_assert_eq!(short, long),
        }
    }
}

/// The scheduler and the plain ones side by side, with what a caller would hold.
struct Run {
    scheduler: Scheduler<u64>,
    /// `None` where tenants share.
    plain: Option<Plain>,
    now: u64,
    /// Whether the scheduler know that time.
    told: bool,
    names: u64,
    woken: Vec<u64>,
    /// By name, those who have not come to know what becomes of them, and whether they were woken.
    waiting: BTreeMap<u64, (Place, Came, u64)>,
    held: Vec<Charge>,
}

impl Run {
    fn new(settings: Settings, tenants: u64) -> Self {
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

    fn leave(&mut self, name: u64) {
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

    fn end(&mut self, held: usize, end: End) {
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

    fn step(&mut self, op: Op) {
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
    fn check(&mut self) {
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

fn run(ops: Vec<Op>, settings: Settings, tenants: u64) {
    let mut run = Run::new(settings, tenants);
    for op in ops {
        run.step(op);
        run.check();
    }
    // All go home: nothing is left behind.
    while let Some(name) = run.waiting.keys().next().copied() {
        run.leave(name);
        run.check();
    }
    while !run.held.is_empty() {
        run.end(0, End::Refunded);
    }
    assert_eq!(run.scheduler.account.counts().pending, Amount::NONE);
    assert!(run.scheduler.answers.is_empty() && run.scheduler.queue.is_empty());
}

proptest! {
    #[test]
    fn one_tenants_turns_are_those_of_a_plain_list(ops in ops(1), settings in settings()) {
        run(ops, settings, 1);
    }

    #[test]
    fn nobody_is_forgotten_and_no_permit_lost(ops in ops(4), settings in settings()) {
        run(ops, settings, 4);
    }
}

/// Calls line up, and then one that finds the queue full, or the same queue with room for it.
fn last_of(limits: &[Limit], amounts: &[u64], max_queue: usize) -> (Entered, Scheduler<u64>) {
    let settings = Settings {
        max_queue,
        ..Settings::default()
    };
    let account = Account::new(limits.to_vec(), 0);
    let mut scheduler = Scheduler::new(account, Arc::new(settings));
    let mut last = None;
    for tokens in amounts {
        let call = Call {
            amount: Amount::call(*tokens),
            priority: Priority::Normal,
            tenant: 0,
            deadline: None,
            latest: None,
        };
        last = Some(scheduler.enter(0, call));
    }
    (last.expect("somebody comes"), scheduler)
}

proptest! {
    #[test]
    fn who_finds_the_queue_full_is_told_by_when_it_would_have_gone(
        amounts in proptest::collection::vec(1..=60_u64, 3..10)
    ) {
        let limits = [Limit::tokens_per_minute(600)];
        let (entered, scheduler) = last_of(&limits, &amounts, usize::MAX);
        let Entered::Waits(place) = entered else { return Ok(()) };
        let waiting = scheduler.queue.len();
        let mut scheduler = scheduler;
        let mut goes_at = 0;
        while let Some(at) = scheduler.wake_at {
            scheduler.advance(at);
            goes_at = at;
        }
        prop_assert!(matches!(scheduler.answer(place), Some(Ok(_))));
        // Some of those ahead may go as trials, before they surely fit.
        let (entered, _) = last_of(&limits, &amounts, waiting - 1);
        let Entered::Rejected(Cause::QueueFull, Some(told)) = entered else {
            panic!("{entered:?}");
        };
        prop_assert!(goes_at <= told, "{} is after {}", goes_at, told);
    }
}
