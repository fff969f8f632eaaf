use proptest::prelude::*;

use std::num::NonZeroU32;

use super::*;
use crate::transition::State;
use crate::window::{RateRule, Window};

const SECOND: Duration = Duration::from_secs(1);
const LEASE: u32 = 10;
const MAX_HINT: Duration = Duration::from_secs(80);
const PROBES: usize = 2;

/// The circuit as one would tell it: everything that happened, kept in lists.
struct Model {
    state: State,
    generation: u32,
    /// Since it was last closed: whether each counted call failed.
    calls: Vec<bool>,
    /// Beginnings in `calls` that failed after all: as many successes to come stand for them.
    owed: usize,
    /// Failures since anything began or ended well, and broken calls since one ended well.
    in_a_row: usize,
    broken: usize,
    /// Half-open: the probes that hold a place, and until when nobody else may take it.
    probes: Vec<(NonZeroU32, Instant)>,
    successes: usize,
    forced: bool,
}

impl Model {
    fn enter(&mut self, state: State, forced: bool) {
        self.state = state;
        self.generation += 1;
        self.calls.clear();
        (self.owed, self.in_a_row, self.broken) = (0, 0, 0);
        self.probes.clear();
        self.successes = 0;
        self.forced = forced;
    }

    /// Three in a row, or half of the last eight, of which there are at least four; only a
    /// failure trips.
    fn trips(&self) -> bool {
        let last: Vec<_> = self.calls.iter().rev().take(8).collect();
        let failed = last.iter().filter(|failed| ***failed).count();
        self.in_a_row >= 3 || last.len() >= 4 && failed * 2 >= last.len()
    }

    fn count(&mut self, failed: bool) {
        if failed {
            self.calls.push(true);
            self.in_a_row += 1;
            if self.trips() {
                self.enter(State::Open, false);
            }
        } else {
            self.in_a_row = 0;
            if self.owed > 0 {
                self.owed -= 1;
            } else {
                self.calls.push(false);
            }
        }
    }

    fn end(&mut self, admission: Admission, verdict: Verdict) {
        if admission.generation != self.generation || self.forced {
            return;
        }
        match (self.state, verdict) {
            (_, Verdict::Ignored) | (State::Open, _) | (State::HalfOpen, Verdict::Success) => {}
            (State::HalfOpen, _) | (_, Verdict::Exhausted { .. }) => self.enter(State::Open, false),
            (State::Closed, Verdict::Success) => (self.in_a_row, self.broken) = (0, 0),
            (State::Closed, _) => {
                self.broken += 1;
                self.owed += usize::from(admission.holds == Holds::Begun);
                if self.broken >= 3 {
                    self.enter(State::Open, false);
                } else {
                    self.count(true);
                }
            }
        }
    }

    fn record(&mut self, admission: Admission, verdict: Verdict, begun: bool) {
        if admission.generation != self.generation || self.forced {
            return;
        }
        let held = |(probe, _): &(NonZeroU32, Instant)| Some(*probe) == admission.probe();
        let old_news = self.state == State::HalfOpen && !self.probes.iter().any(held);
        self.probes.retain(|probe| !held(probe));
        match (self.state, verdict) {
            (_, Verdict::Exhausted { .. }) => self.enter(State::Open, false),
            (_, Verdict::Ignored) | (State::Open, _) => {}
            (State::Closed, _) => {
                let failed = verdict != Verdict::Success;
                if !failed && !begun {
                    self.broken = 0;
                }
                self.count(failed);
            }
            (State::HalfOpen, Verdict::Success) => {
                self.successes += 1;
                if self.successes == PROBES {
                    self.enter(State::Closed, false);
                }
            }
            (State::HalfOpen, _) if old_news => {}
            (State::HalfOpen, _) => self.enter(State::Open, false),
        }
    }
}

#[derive(Clone, Debug)]
enum Op {
    Admit,
    /// Records the result of one of the calls under way.
    Record(usize, Verdict),
    /// One of them is answered by a response that goes on.
    Begin(usize),
    /// One of these has ended.
    End(usize, Verdict),
    Absorb(u32),
    Wait(u32),
    ForceOpen(Option<u32>),
    ForceClosed,
    Reset,
}

fn op() -> impl Strategy<Value = Op> {
    let hint = || proptest::option::of((0..100_u32).prop_map(|seconds| seconds * SECOND));
    let verdict = || {
        prop_oneof![
            6 => Just(Verdict::Success),
            6 => Just(Verdict::Failure),
            1 => Just(Verdict::Ignored),
            2 => hint().prop_map(|retry_after| Verdict::Throttled { retry_after }),
            1 => hint().prop_map(|retry_after| Verdict::Exhausted { retry_after }),
        ]
    };
    prop_oneof![
        20 => Just(Op::Admit),
        20 => ((0..50_usize), verdict()).prop_map(|(call, verdict)| Op::Record(call, verdict)),
        10 => (0..50_usize).prop_map(Op::Begin),
        10 => ((0..50_usize), verdict()).prop_map(|(call, verdict)| Op::End(call, verdict)),
        2 => (0..5_u32).prop_map(Op::Absorb),
        6 => (0..20_u32).prop_map(Op::Wait),
        1 => proptest::option::of(0..30_u32).prop_map(Op::ForceOpen),
        1 => Just(Op::ForceClosed),
        2 => Just(Op::Reset),
    ]
}

fn settings() -> Settings {
    let mut settings = Settings {
        probes: NonZeroU32::new(PROBES as u32).expect("not zero"),
        probe_lease: LEASE * SECOND,
        ramp: Duration::ZERO,
        max_hint: Some(MAX_HINT),
        max_exhausted_hint: MAX_HINT,
        ..Settings::default()
    };
    let rules = settings.rules.named();
    rules.consecutive = NonZeroU32::new(3);
    rules.failures = Some(RateRule::new(0.5, Window::calls(8).minimum(4)));
    settings
}

proptest! {
    #[test]
    fn it_does_what_the_plain_model_does(ops in proptest::collection::vec(op(), 0..400)) {
        let settings = Arc::new(settings());
        let mut now = Instant::now();
        let mut circuit = Circuit::new(Arc::clone(&settings), Some(1), now);
        let mut model = Model {
            state: State::Closed,
            generation: 0,
            calls: Vec::new(),
            owed: 0,
            in_a_row: 0,
            broken: 0,
            probes: Vec::new(),
            successes: 0,
            forced: false,
        };
        let mut under_way: Vec<Admission> = Vec::new();
        let mut begun: Vec<Admission> = Vec::new();
        for op in ops {
            match op {
                Op::Admit => {
                    let until = circuit.open_until();
                    let admitted = circuit.admit(now);
                    if model.state == State::Open && until.is_some_and(|until| until <= now) {
                        model.enter(State::HalfOpen, false);
                    }
                    let expected = match model.state {
                        State::Closed => true,
                        State::Open => false,
                        State::HalfOpen if model.probes.len() + model.successes < PROBES => true,
                        State::HalfOpen => {
                            // The one whose lease ended first loses its place.
                            let oldest = model.probes.iter().min_by_key(|(_, ends)| *ends);
                            let over = oldest.copied().filter(|(_, ends)| *ends <= now);
                            model.probes.retain(|probe| Some(*probe) != over);
                            over.is_some()
                        }
                    };
                    prop_assert_eq!(admitted.is_ok(), expected);
                    if let Ok(admission) = admitted {
                        prop_assert_eq!(admission.generation, model.generation);
                        prop_assert_eq!(admission.probe().is_some(), model.state == State::HalfOpen);
                        let probe = admission.probe().map(|probe| (probe, now + LEASE * SECOND));
                        model.probes.extend(probe);
                        under_way.push(admission);
                    }
                }
                Op::Record(call, verdict) => {
                    if under_way.is_empty() {
                        continue;
                    }
                    let admission = under_way.swap_remove(call % under_way.len());
                    let was = model.state;
                    circuit.record(now, admission, verdict, None);
                    model.record(admission, verdict, false);
                    if was != State::Open && model.state == State::Open {
                        let time = circuit.open_until().expect("it ends by itself") - now;
                        match verdict {
                            Verdict::Exhausted { retry_after } => {
                                let hint = retry_after.map(|hint| hint.min(MAX_HINT));
                                prop_assert_eq!(time, hint.unwrap_or(settings.exhausted_for));
                            }
                            Verdict::Throttled { retry_after: Some(hint) } => {
                                prop_assert!(time >= hint.min(MAX_HINT));
                                prop_assert!(time <= hint.max(settings.open_cap).min(MAX_HINT));
                            }
                            _ => {
                                prop_assert!(time >= settings.open_base / 2);
                                prop_assert!(time <= settings.open_cap);
                            }
                        }
                    }
                }
                Op::Begin(call) => {
                    if under_way.is_empty() {
                        continue;
                    }
                    let admission = under_way.swap_remove(call % under_way.len());
                    let is_current = admission.generation == model.generation;
                    let after = circuit.begin(now, admission, None);
                    model.record(admission, Verdict::Success, true);
                    let own = if is_current { model.generation } else { admission.generation };
                    prop_assert_eq!(after.generation, own);
                    begun.push(after);
                }
                Op::End(call, verdict) => {
                    if begun.is_empty() {
                        continue;
                    }
                    let admission = begun.swap_remove(call % begun.len());
                    circuit.end(now, admission, verdict, None);
                    model.end(admission, verdict);
                }
                Op::Absorb(successes) => {
                    if circuit.on_success() == OnSuccess::Batch {
                        circuit.rules().count_successes(successes, now);
                        (0..successes).for_each(|_| model.count(false));
                    }
                }
                Op::Wait(seconds) => now += seconds * SECOND,
                Op::ForceOpen(seconds) => {
                    circuit.force_open(now, seconds.map(|seconds| seconds * SECOND));
                    model.enter(State::Open, false);
                }
                Op::ForceClosed => {
                    circuit.force_closed(now);
                    model.enter(State::Closed, true);
                }
                Op::Reset => {
                    circuit.reset(now);
                    model.enter(State::Closed, false);
                }
            }
            prop_assert_eq!(circuit.state(), model.state);
            prop_assert_eq!(circuit.generation(), model.generation);
            let held = model.probes.iter().filter(|(_, ends)| now < *ends).count();
            prop_assert_eq!(circuit.probes(now), held);
        }
    }
}
