//! Processes, their ways to the log, and what becomes of both: all by one seed.

use std::collections::BTreeMap;

use super::super::super::log::{Append, Appended, Base, Heard, Loaded, Position};
use super::super::Next;
use super::audit::Audit;
use super::log::Log;
use super::process::Process;
use crate::limit::Limit;

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;
/// Calls come for so long, and then whatever waits has so long to go.
const COME: u64 = 150 * SECOND;
const REST: u64 = 3 * 3600 * SECOND;
/// The log's time when all begins, in microseconds.
pub(super) const BEGUN: u64 = 1_700_000_000_000_000;
/// A claim may come so much earlier than it is thought to, by itself.
const EARLY: u64 = 15 * MILLISECOND;

/// No way takes longer.
pub(super) const LONGEST: u64 = 3 * SECOND;
/// By how much clocks are fast or slow, in millionths.
pub(super) const DRIFT: u64 = 50;

enum Question {
    Load(Base),
    Append(Append),
    Save(Position, Vec<u8>),
}

enum Answer {
    Loaded(Loaded),
    Appended(Appended),
    Saved,
}

enum Event {
    Comes(u64),
    Ends(u64, u64),
    Wakes(u64, u64),
    Arrives(u64, u64, Question),
    Answers(u64, u64, Answer),
    TimesOut(u64, u64),
    Hears(u64, Heard),
    Begins(u64),
    Dies(u64),
    /// All processes, or that one, reach the log no more, or again.
    Cut(Option<u64>, bool),
    /// The log's clock is set, by so many microseconds.
    Set(i64),
}

pub(super) struct Fleet {
    seed: u64,
    rng: fastrand::Rng,
    now: u64,
    events: BTreeMap<(u64, u64), Event>,
    count: u64,
    limits: Vec<Limit>,
    log: Log,
    audit: Audit,
    processes: BTreeMap<u64, Process>,
    /// The longest way to the log or back, and how often what is on it is lost.
    way: u64,
    loss: f64,
    cut: Vec<Option<u64>>,
    step: i64,
    largest: u64,
    /// What began without the log: when, and how many tokens.
    alone: Vec<(u64, u64)>,
    outages: bool,
}

impl Fleet {
    pub(super) fn new(seed: u64, outages: bool) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let tokens = Limit::tokens_per_minute(60_000);
        let limits = match rng.u8(..4) {
            0 => vec![tokens.enforced()],
            1 => vec![tokens.burst(10_000)],
            2 => vec![tokens.burst(60_000), Limit::calls_per_minute(120).burst(10)],
            _ => vec![Limit::calls_per_minute(90).enforced()],
        };
        let way = rng.u64(MILLISECOND..80 * MILLISECOND);
        let steps: Vec<_> = (0..rng.usize(..3))
            .map(|_| rng.i64(-900_000..900_000))
            .collect();
        let back: i64 = steps.iter().map(|step| -step.min(&0)).sum();
        let slack = EARLY + 2 * way + back as u64 * 1_000;
        let mut fleet = Self {
            seed,
            now: SECOND,
            events: BTreeMap::new(),
            count: 0,
            audit: Audit::new(limits.clone(), slack),
            limits,
            log: Log::default(),
            processes: BTreeMap::new(),
            way,
            loss: if rng.bool() { 0.0 } else { 0.02 },
            cut: Vec::new(),
            step: 0,
            largest: rng.u64(100..9_000),
            alone: Vec::new(),
            outages,
            rng,
        };
        for step in steps {
            let at = fleet.some_time();
            fleet.at(at, Event::Set(step));
        }
        let processes = fleet.rng.u64(2..6);
        for me in 1..=processes {
            let late = fleet.rng.bool();
            let begins = if late { fleet.some_time() } else { fleet.now };
            fleet.at(begins, Event::Begins(me));
            if me > 2 && fleet.rng.bool() {
                let dies = fleet.some_time();
                fleet.at(dies.max(begins), Event::Dies(me));
            }
        }
        for _ in 0..if outages { 2 } else { 0 } {
            let who = fleet.rng.bool().then(|| fleet.rng.u64(1..=processes));
            let (from, time) = (fleet.some_time(), fleet.rng.u64(..40 * SECOND));
            fleet.at(from, Event::Cut(who, true));
            fleet.at(from + time, Event::Cut(who, false));
        }
        fleet
    }

    fn some_time(&mut self) -> u64 {
        self.rng.u64(SECOND..COME)
    }

    fn at(&mut self, at: u64, event: Event) {
        self.count += 1;
        self.events.insert((at.max(self.now), self.count), event);
    }

    pub(super) fn run(&mut self) {
        while let Some(((now, _), event)) = self.events.pop_first() {
            if now > COME + REST {
                break;
            }
            self.now = now;
            self.happens(event);
            assert!(
                self.count < 3_000_000,
                "seed {}: it does not come to rest",
                self.seed
            );
        }
    }

    fn happens(&mut self, event: Event) {
        let me = match event {
            Event::Begins(me) => {
                let drift = self.rng.i64(-(DRIFT as i64)..DRIFT as i64);
                self.processes
                    .insert(me, Process::new(me, &self.limits, self.now, drift));
                return self.at(self.now, Event::Comes(me));
            }
            Event::Dies(me) => {
                self.processes.remove(&me);
                return;
            }
            Event::Cut(who, true) => return self.cut.push(who),
            Event::Cut(who, false) => {
                self.cut.retain(|cut| *cut != who);
                for me in self.processes.keys().copied().collect::<Vec<_>>() {
                    self.at(self.now, Event::Hears(me, Heard::Missed));
                }
                return;
            }
            Event::Set(step) => {
                self.step += step;
                return;
            }
            Event::Arrives(me, id, question) => return self.arrives(me, id, question),
            Event::Comes(me) => {
                self.comes(me);
                me
            }
            Event::Ends(me, number) => {
                let kind = self.rng.u8(if self.now < COME { 0 } else { 2 }..20);
                let part = self.rng.f64();
                if let Some(process) = self.processes.get_mut(&me) {
                    process.ends(self.now, number, kind, part);
                }
                me
            }
            Event::Wakes(me, wakes) => match self.processes.get(&me) {
                Some(process) if process.wakes == wakes => me,
                _ => return,
            },
            Event::Answers(me, id, answer) => {
                self.answers(me, id, &answer);
                me
            }
            Event::TimesOut(me, id) => {
                let now = self.now;
                let process = self.processes.get_mut(&me);
                let Some(process) =
                    process.filter(|process| process.asked.is_some_and(|asked| asked.0 == id))
                else {
                    return;
                };
                process.asked = None;
                process.key.lost(&process.account, process.local(now));
                me
            }
            Event::Hears(me, heard) => {
                if let Some(process) = self.processes.get_mut(&me) {
                    let now = process.local(self.now);
                    process.key.told(&mut process.account, now, &heard);
                    self.audit.agrees(&process.key, &process.account);
                }
                me
            }
        };
        self.goes_on(me);
    }

    /// Some calls, and when the next ones do.
    fn comes(&mut self, me: u64) {
        let Some(process) = self.processes.get_mut(&me) else {
            return;
        };
        for _ in 0..self.rng.u8(..6) {
            process.comes(self.rng.u8(..3), self.rng.u64(..self.largest));
        }
        let longest = if self.rng.bool() { SECOND } else { 15 * SECOND };
        let next = self.now + self.rng.u64(..longest);
        if next < COME {
            self.at(next, Event::Comes(me));
        }
    }

    fn answers(&mut self, me: u64, id: u64, answer: &Answer) {
        let now = self.now;
        let Some(process) = self.processes.get_mut(&me) else {
            return;
        };
        let Some((_, sent)) = process.asked.take_if(|asked| asked.0 == id) else {
            return;
        };
        let local = (sent, process.local(now));
        let key = &mut process.key;
        match answer {
            Answer::Loaded(loaded) => key.loaded(&mut process.account, local, loaded),
            Answer::Appended(appended) => key.appended(&mut process.account, local, appended),
            Answer::Saved => {}
        }
        self.audit.agrees(&process.key, &process.account);
    }

    /// It begins what it may, and does what is to be done next.
    fn goes_on(&mut self, me: u64) {
        let now = self.now;
        let Some(process) = self.processes.get_mut(&me) else {
            return;
        };
        let is_alone = process.key.is_alone();
        let begun = process.begin(now);
        if is_alone {
            self.alone
                .extend(begun.iter().map(|(_, tokens)| (now, *tokens)));
        }
        process.wakes += 1;
        let wakes = process.wakes;
        let mut question = None;
        let mut wake = None;
        if process.asked.is_none() {
            match process.next(now) {
                Next::Load(base) => question = Some(Question::Load(base)),
                Next::Append(append) => question = Some(Question::Append(append)),
                Next::Save(position, bytes) => question = Some(Question::Save(position, bytes)),
                Next::Wait(until) => wake = until.map(|at| process.global(at)),
            }
        }
        if is_alone && process.waits() > 0 {
            // By its own part the next one may go at any time.
            wake = Some(wake.unwrap_or(u64::MAX).min(now + 50 * MILLISECOND));
        }
        if let Some(at) = wake {
            self.at(at.max(now + 1), Event::Wakes(me, wakes));
        }
        for (number, _) in begun {
            let short = self.rng.bool();
            let longest = if short { 100 * MILLISECOND } else { 6 * SECOND };
            let ends = now + self.rng.u64(..longest);
            self.at(ends, Event::Ends(me, number));
        }
        if let Some(question) = question {
            self.asks(me, question);
        }
    }

    fn asks(&mut self, me: u64, question: Question) {
        let (now, id) = (self.now, self.count);
        let Some(process) = self.processes.get_mut(&me) else {
            return;
        };
        process.asked = Some((id, process.local(now)));
        let patience = process.key.patience();
        self.at(now + patience, Event::TimesOut(me, id));
        if self.reaches(me) {
            let way = self.some_way();
            self.at(now + way, Event::Arrives(me, id, question));
        }
    }

    /// Now and then one takes longer than anybody waits.
    fn some_way(&mut self) -> u64 {
        let late = self.loss > 0.0 && self.rng.f64() < self.loss;
        self.rng.u64(..if late { LONGEST } else { self.way })
    }

    fn reaches(&mut self, me: u64) -> bool {
        let cut = self.cut.iter().any(|cut| cut.is_none_or(|cut| cut == me));
        !cut && self.rng.f64() >= self.loss
    }

    fn arrives(&mut self, me: u64, id: u64, question: Question) {
        let at = (BEGUN + self.now / 1_000).saturating_add_signed(self.step);
        let answer = match question {
            Question::Load(base) => Answer::Loaded(self.log.load(at, base)),
            Question::Save(position, bytes) => {
                self.log.save(position, bytes);
                Answer::Saved
            }
            Question::Append(append) => {
                let seen = append.seen.number;
                let before = self.audit.replica.position.number;
                let appended = self.log.append(at, append);
                self.publishes(&appended, before, seen);
                Answer::Appended(appended)
            }
        };
        if self.reaches(me) {
            let way = self.some_way();
            self.at(self.now + way, Event::Answers(me, id, answer));
        }
    }

    fn publishes(&mut self, appended: &Appended, before: u64, seen: u64) {
        let Appended::Tail(tail) = appended else {
            return;
        };
        let totals = self.log.totals;
        let Some(entry) = tail.entries.last().filter(|entry| entry.number > before) else {
            return;
        };
        self.audit.sees(entry, totals, seen);
        for me in self.processes.keys().copied().collect::<Vec<_>>() {
            if self.reaches(me) {
                let heard = Heard::Entry {
                    epoch: self.log.epoch(),
                    totals,
                    entry: entry.clone(),
                };
                let way = self.some_way();
                self.at(self.now + way, Event::Hears(me, heard));
            }
        }
    }

    /// Whatever was granted was taken or given back, and is told; and what began alone was no more than the parts.
    pub(super) fn is_over(&self) {
        assert!(self.audit.claims > 0, "seed {}", self.seed);
        for (me, process) in &self.processes {
            process.is_over();
            let member = self.audit.replica.members.get(me);
            let pending = member.map_or(0, |member| member.pending.len());
            assert_eq!(
                pending, 0,
                "seed {}: {me} has some under way for ever",
                self.seed
            );
        }
        let Some(((first, _), (last, _))) = self.alone.first().zip(self.alone.last()) else {
            return;
        };
        if !self.outages {
            // Two answers in a row that were lost, or none came before it was old.
            assert!(self.loss > 0.0, "seed {}", self.seed);
            return;
        }
        let sum: u64 = self.alone.iter().map(|call| call.1).sum();
        let brought = (last - first) / MILLISECOND + 60_000;
        let most = 60_000 + brought + 6 * self.largest;
        assert!(sum <= most, "seed {}: {sum} of {most}", self.seed);
    }
}
