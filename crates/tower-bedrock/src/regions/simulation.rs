//! Do choice, moves and warmth do together what each of them is for? Plain quotas in steps of a tenth of
//! a second, no service around them.

use super::{
    choice::{Choice, Patience, choose},
    moving::{Stay, looks_after, moves},
    set::Set,
    warmth::{Held, KEPT, Key, Note, Warmth},
};
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

const STEP: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3600);
const PATIENCE: Patience = Patience {
    any: Duration::from_secs(3),
    at_home: Duration::from_secs(30),
};

/// A bucket that refills evenly, and those who wait for it in their order.
#[derive(Clone)]
struct Quota {
    rate: f64,
    burst: f64,
    level: f64,
    line: VecDeque<(usize, f64)>,
}

impl Quota {
    fn new(per_minute: f64, burst_seconds: f64) -> Self {
        let rate = per_minute / 60.0;
        let burst = rate * burst_seconds;
        let line = VecDeque::new();
        Self {
            rate,
            burst,
            level: burst,
            line,
        }
    }

    fn wait(&self, amount: f64) -> Duration {
        let ahead: f64 = self.line.iter().map(|(_, amount)| amount).sum();
        Duration::from_secs_f64(((ahead + amount - self.level) / self.rate).max(0.0))
    }

    fn passes(&mut self) -> Vec<usize> {
        self.level = (self.level + self.rate * STEP.as_secs_f64()).min(self.burst);
        let mut gone = Vec::new();
        while let Some((call, amount)) = self.line.front().copied() {
            // One that is larger than the bucket leaves a debt.
            if amount.min(self.burst) > self.level {
                break;
            }
            self.level -= amount;
            self.line.pop_front();
            gone.push(call);
        }
        gone
    }
}

enum At {
    Thinks(Instant),
    Waits(Choice, Stay, Instant),
    Answers(usize, Instant),
    Done,
}

/// Somebody who makes one call after the other.
struct Caller {
    at: At,
    calls: usize,
    last: Option<usize>,
    changes: usize,
    moves: usize,
}

struct World {
    now: Instant,
    began: Instant,
    quotas: Vec<Quota>,
    callers: Vec<Caller>,
    warmth: Warmth,
    /// What a call takes to be answered, and its caller until the next one.
    answer: Duration,
    pause: Duration,
    /// Of a conversation: what its first prompt has, what each turn adds, and what its output counts.
    prompt: Option<(u64, u64, u64)>,
    written: u64,
}

impl World {
    fn new(quotas: Vec<Quota>, callers: usize, calls: usize) -> Self {
        let now = Instant::now();
        let caller = |number: usize| Caller {
            // Not all at once, and in no order.
            at: At::Thinks(now + STEP * u32::try_from(number * 37 % 150).unwrap()),
            calls,
            last: None,
            changes: 0,
            moves: 0,
        };
        Self {
            now,
            began: now,
            quotas,
            callers: (0..callers).map(caller).collect(),
            warmth: Warmth::default(),
            answer: Duration::from_secs(1),
            pause: Duration::ZERO,
            prompt: None,
            written: 0,
        }
    }

    fn key(caller: usize) -> Key {
        Key {
            conversation: caller as u64,
            model_and_tenant: 0,
        }
    }

    fn held(&self, caller: usize) -> Option<Held> {
        self.prompt?;
        self.warmth.held(&Self::key(caller), self.now)
    }

    /// Tokens of the prompt before and with this turn.
    fn sizes(&self, turn: usize) -> (u64, u64) {
        let (first, more, _) = self.prompt.unwrap_or_default();
        let before = if turn == 0 {
            0
        } else {
            first + more * turn as u64
        };
        (before, first + more * (turn as u64 + 1))
    }

    /// What a call is charged in the end; a call without a conversation is charged one.
    fn amount(&self, caller: usize, turn: usize, region: usize) -> f64 {
        let Some((_, _, output)) = self.prompt else {
            return 1.0;
        };
        (self.writes(caller, turn, region) + output) as f64
    }

    fn writes(&self, caller: usize, turn: usize, region: usize) -> u64 {
        let (before, with) = self.sizes(turn);
        let missing = self
            .held(caller)
            .map_or(before, |held| held.missing(region));
        with - before + missing
    }

    fn cold(&self, caller: usize, region: usize) -> Duration {
        let missing = self.held(caller).map_or(0, |held| held.missing(region));
        Duration::from_secs_f64(missing as f64 / self.quotas[region].rate)
    }

    fn choose(&self, caller: usize, turn: usize, among: Set) -> Option<Choice> {
        let amount = |region| self.amount(caller, turn, region);
        let warm = (0..self.quotas.len()).filter(|region| self.cold(caller, *region).is_zero());
        choose(
            among,
            warm.collect(),
            PATIENCE,
            |region| self.cold(caller, region),
            |region| self.quotas[region].wait(amount(region)),
        )
    }

    fn lines_up(&mut self, caller: usize, turn: usize, choice: Choice) {
        let amount = self.amount(caller, turn, choice.region);
        let since = self.now;
        let forecast = choice.wait;
        let look = since + looks_after(forecast);
        self.callers[caller].at = At::Waits(choice, Stay { since, forecast }, look);
        self.quotas[choice.region].line.push_back((caller, amount));
    }

    fn looks_around(&mut self, caller: usize, turn: usize, all: Set) {
        let At::Waits(here, stay, look) = &mut self.callers[caller].at else {
            return;
        };
        if *look > self.now {
            return;
        }
        let (here, stay) = (*here, *stay);
        let amount = self.amount(caller, turn, here.region);
        let left = stay.left(self.now, || self.quotas[here.region].wait(amount));
        if let At::Waits(_, _, look) = &mut self.callers[caller].at {
            *look = self.now + looks_after(left);
        }
        let others = all.without(Set::one(here.region));
        let Some(there) = self.choose(caller, turn, others) else {
            return;
        };
        let is_home = self.cold(caller, here.region).is_zero();
        let patience = if is_home {
            PATIENCE.where_others_lack(there.cold)
        } else {
            PATIENCE.any
        };
        if moves(left, patience, there.sum()) {
            self.quotas[here.region]
                .line
                .retain(|(other, _)| *other != caller);
            self.callers[caller].moves += 1;
            self.lines_up(caller, turn, there);
        }
    }

    /// Makes all calls. Says how long that takes.
    fn runs(&mut self, calls: usize) -> Duration {
        let all: Set = (0..self.quotas.len()).collect();
        while self
            .callers
            .iter()
            .any(|caller| !matches!(caller.at, At::Done))
        {
            self.now += STEP;
            assert!(self.now - self.began < LONGEST, "it does not end");
            for region in 0..self.quotas.len() {
                for caller in self.quotas[region].passes() {
                    let turn = calls - self.callers[caller].calls;
                    self.written += self.writes(caller, turn, region);
                    self.callers[caller].at = At::Answers(region, self.now + self.answer);
                }
            }
            for caller in 0..self.callers.len() {
                let turn = calls - self.callers[caller].calls;
                match self.callers[caller].at {
                    At::Thinks(until) if until <= self.now => {
                        let choice = self.choose(caller, turn, all).expect("there are Regions");
                        self.lines_up(caller, turn, choice);
                    }
                    At::Answers(region, until) if until <= self.now => {
                        if self.prompt.is_some() {
                            let (_, tokens) = self.sizes(turn);
                            let note = Note {
                                region,
                                tokens,
                                until: self.now + KEPT,
                                is_shared: false,
                                now: self.now,
                            };
                            drop(self.warmth.note(Self::key(caller), &note));
                        }
                        self.is_answered(caller, region);
                    }
                    At::Waits(..) => self.looks_around(caller, turn, all),
                    _ => {}
                }
            }
        }
        self.now - self.began
    }

    fn is_answered(&mut self, caller: usize, region: usize) {
        let next = self.now + self.pause;
        let caller = &mut self.callers[caller];
        caller.changes += usize::from(caller.last.is_some_and(|last| last != region));
        caller.last = Some(region);
        caller.calls -= 1;
        caller.at = match caller.calls {
            0 => At::Done,
            _ => At::Thinks(next),
        };
    }

    fn sum(&self, of: impl Fn(&Caller) -> usize) -> usize {
        self.callers.iter().map(of).sum()
    }
}

/// 40 conversations of 20 turns at `load` of what these quotas have together, and how long they take.
fn conversations(quotas: Vec<Quota>, load: f64) -> (World, Duration) {
    let (first, more, output) = (2_000, 500, 1_500);
    let rate: f64 = quotas.iter().map(|quota| quota.rate).sum();
    let turn = 40.0 * (more + output) as f64 / (rate * load);
    let mut world = World::new(quotas, 40, 20);
    world.answer = Duration::from_secs(2);
    world.pause = Duration::from_secs_f64(turn) - world.answer;
    world.prompt = Some((first, more, output));
    let time = world.runs(20);
    (world, time)
}

#[test]
fn conversations_stay_where_their_cache_is() {
    for (burst, load) in [(1.0, 0.8), (10.0, 0.8), (60.0, 0.8), (10.0, 0.95)] {
        let (one, time_of_one) = conversations(vec![Quota::new(400_000.0, burst)], load);
        let (two, time) = conversations(vec![Quota::new(200_000.0, burst); 2], load);
        let changes = two.sum(|caller| caller.changes);
        let told = format!(
            "load {load}, burst {burst} s: {changes} of 800 turns change their Region, {} tokens are \
             written and {} in one Region, in {time:?} and {time_of_one:?}",
            two.written, one.written
        );
        assert!(changes * 20 <= 800, "{told}");
        assert!(two.written * 10 <= one.written * 11, "{told}");
        assert!(time <= time_of_one.mul_f64(1.3), "{told}");
    }
}

#[test]
fn two_quotas_take_no_longer_than_one_with_the_sum() {
    for (calls, workers) in [(600, 50), (600, 10), (300, 200)] {
        let run = |quotas| {
            let mut world = World::new(quotas, workers, calls / workers);
            let time = world.runs(calls / workers);
            (time, world.sum(|caller| caller.moves))
        };
        let (one, _) = run(vec![Quota::new(120.0, 10.0)]);
        let (two, moves) = run(vec![Quota::new(60.0, 10.0); 2]);
        assert!(
            two <= one.mul_f64(1.05),
            "{calls} calls by {workers}: {two:?} and {one:?}"
        );
        assert!(moves <= calls / 20, "{moves} moves");
    }
}
