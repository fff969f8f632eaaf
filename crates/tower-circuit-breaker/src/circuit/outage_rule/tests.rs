use std::time::Duration;

use proptest::prelude::*;

use super::*;

const MILLI: Duration = Duration::from_millis(1);

/// The rule as one would tell it: every call and every result is kept, and all that is asked is
/// counted anew.
struct Model {
    outage: Outage,
    /// Those sent during a run, in this order; no other call is watched.
    calls: Vec<Call>,
    results: Vec<Ended>,
    /// How many results there were when the last run ended.
    old: usize,
    run: Option<Begun>,
}

struct Call {
    sent: Instant,
    /// When the first of the calls was sent that are judged together with it.
    together: Instant,
    /// The slot that the rule gave it.
    slot: u32,
    is: Is,
    judged: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Is {
    UnderWay,
    Failed,
    Gone,
}

struct Ended {
    now: Instant,
    sent: Instant,
    failed: bool,
}

struct Begun {
    now: Instant,
    sent: Instant,
    /// The first of the calls that belong to it.
    first: usize,
}

impl Model {
    fn outlived(&self) -> Duration {
        let mut time = FailureTime::default();
        for end in self.results.iter().filter(|end| end.failed) {
            time.learn(end.now - end.sent);
        }
        time.outlived()
    }

    fn send(&mut self, now: Instant, slot: u32) {
        let mut together = now;
        let unjudged = || self.calls.iter().filter(|call| !call.judged);
        if let Some(last) = unjudged().next_back() {
            let mut slots: Vec<_> = unjudged().map(|call| call.together).collect();
            slots.dedup();
            if now - last.together < self.outlived() / 32 || slots.len() == 64 {
                together = last.together;
            }
        }
        self.calls.push(Call {
            sent: now,
            together,
            slot,
            is: Is::UnderWay,
            judged: false,
        });
    }

    fn judge(&mut self, now: Instant) {
        let age = self.outlived();
        let young = |call: &&Call| !call.judged && now - call.sent <= age;
        let young = self.calls.iter().find(young).map(|call| call.together);
        for call in &mut self.calls {
            call.judged |= young.is_none_or(|young| call.together < young);
        }
    }

    /// Of the calls of the run that are judged, those that failed and those still under way.
    fn judged(&self) -> (usize, usize) {
        let first = self.run.as_ref().map_or(self.calls.len(), |run| run.first);
        let judged = self.calls[first..].iter().filter(|call| call.judged);
        let failed = judged.clone().filter(|call| call.is == Is::Failed).count();
        (
            failed,
            judged.filter(|call| call.is == Is::UnderWay).count(),
        )
    }

    fn is_interrupted(&self) -> bool {
        let (failed, outlived) = self.judged();
        // One for the first fifty, and one for each 25 more.
        let excused = if failed < 50 {
            0
        } else {
            1 + (failed - 50) / 25
        };
        outlived > excused
    }

    fn is_down(&mut self, now: Instant) -> bool {
        self.judge(now);
        let Some(run) = &self.run else {
            return false;
        };
        let needed = self.outage.failures.get() as usize;
        let in_a_row = self.judged().0 >= needed && now - run.now >= self.outage.span;
        let well = self.results.iter().rposition(|end| !end.failed);
        let dry = &self.results[self.old.max(well.map_or(0, |well| well + 1))..];
        let since = dry.first().map(|first| {
            let well = well.map(|well| self.results[well].now);
            well.map_or(first.sent, |well| well.max(first.sent))
        });
        let no_success = dry.len() >= needed
            && since.is_some_and(|since| now - since >= self.outage.without_success);
        in_a_row && !self.is_interrupted() || no_success
    }

    fn end(&mut self, now: Instant, sent: Instant, call: Option<usize>, verdict: Option<bool>) {
        if let Some(call) = call {
            self.calls[call].is = if verdict == Some(true) {
                Is::Failed
            } else {
                Is::Gone
            };
        }
        let Some(failed) = verdict else {
            return;
        };
        self.results.push(Ended { now, sent, failed });
        if !failed {
            if self.run.as_ref().is_some_and(|run| sent >= run.sent) {
                self.stop();
            }
            return;
        }
        self.judge(now);
        let begin = self.run.is_none() || self.is_interrupted();
        if begin {
            let unjudged = self.calls.iter().position(|call| !call.judged);
            let first = unjudged.unwrap_or(self.calls.len());
            self.run = Some(Begun { now, sent, first });
        }
    }

    fn stop(&mut self) {
        self.run = None;
        self.old = self.results.len();
        self.calls.iter_mut().for_each(|call| call.judged = true);
    }
}

/// The rule and its model, side by side.
struct Pair {
    now: Instant,
    rule: OutageRule,
    model: Model,
    /// When each call under way was sent, and where the model keeps it.
    under_way: Vec<(Instant, Option<usize>)>,
    /// How often both said that the service is down.
    down: u32,
}

impl Pair {
    fn new(failures: u32, span: Duration, without_success: Duration) -> Self {
        let outage = Outage::new()
            .failures(failures)
            .span(span)
            .without_success(without_success);
        Self {
            now: Instant::now(),
            rule: OutageRule::new(outage),
            model: Model {
                outage,
                calls: Vec::new(),
                results: Vec::new(),
                old: 0,
                run: None,
            },
            under_way: Vec::new(),
            down: 0,
        }
    }

    fn send(&mut self) {
        let slot = self.rule.send(self.now);
        assert_eq!(slot.is_some(), self.model.run.is_some());
        let call = slot.map(|slot| {
            self.model.send(self.now, slot);
            self.model.calls.len() - 1
        });
        self.under_way.push((self.now, call));
    }

    /// A call ends that is under way: it failed or not, or nothing is told.
    fn end(&mut self, (sent, call): (Instant, Option<usize>), verdict: Option<bool>) {
        let now = self.now;
        let slot = call.map(|call| self.model.calls[call].slot);
        self.model.end(now, sent, call, verdict);
        match verdict {
            None => self.rule.pass(slot),
            Some(false) => self.rule.succeed(now, sent, slot),
            Some(true) => {
                let down = self.rule.fail(now, sent, slot).is_some();
                assert_eq!(down, self.model.is_down(now));
                self.down += u32::from(down);
            }
        }
        assert_eq!(self.rule.is_watching(), self.model.run.is_some());
    }

    fn ask(&mut self) {
        let down = self.rule.down(self.now).is_some();
        assert_eq!(down, self.model.is_down(self.now));
        self.down += u32::from(down);
    }

    fn succeed_some(&mut self) {
        self.rule.succeed_some(self.now);
        let run = self.model.run.as_ref();
        // Sent before any run could have begun.
        let sent = run.map_or(self.now, |run| run.sent - MILLI);
        let (now, failed) = (self.now, false);
        self.model.results.push(Ended { now, sent, failed });
    }

    fn stop(&mut self) {
        self.rule.end_run();
        self.model.stop();
        assert!(!self.rule.is_watching());
    }
}

#[derive(Clone, Debug)]
enum Op {
    Send(u8),
    /// One of the calls under way ends.
    End(usize, Option<bool>),
    SucceedSome,
    Ask,
    Stop,
    Wait(u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let verdict = prop_oneof![
        60 => Just(Some(true)),
        1 => Just(Some(false)),
        4 => Just(None),
    ];
    let op = prop_oneof![
        20 => (1..4_u8).prop_map(Op::Send),
        30 => ((0..1000_usize), verdict).prop_map(|(call, verdict)| Op::End(call, verdict)),
        10 => (0..40_u64).prop_map(Op::Wait),
        5 => (0..3000_u64).prop_map(Op::Wait),
        10 => Just(Op::Ask),
        1 => Just(Op::SucceedSome),
        1 => Just(Op::Stop),
    ];
    proptest::collection::vec(op, 0..400)
}

/// Calls in a steady stream, most of which fail at the same age: when each is sent after the one
/// before, how long it takes, and what comes of it.
fn stream() -> impl Strategy<Value = Vec<(u64, u64, Option<bool>)>> {
    let gap = prop_oneof![Just(0_u64), Just(1), Just(5), Just(25)];
    let took = prop_oneof![
        80 => Just(50_u64),
        // As long as it takes to outlive them, and a little longer.
        5 => Just(75),
        3 => Just(80),
        2 => Just(120),
        1 => Just(1000),
    ];
    let verdict = prop_oneof![
        100 => Just(Some(true)),
        1 => Just(Some(false)),
        4 => Just(None),
    ];
    proptest::collection::vec((gap, took, verdict), 0..400)
}

proptest! {
    #[test]
    fn it_does_what_the_plain_model_does(
        ops in ops(),
        failures in prop_oneof![1..8_u32, 40..60_u32],
        span in 0..2000_u32,
        without_success in 0..20_000_u32,
    ) {
        let mut pair = Pair::new(failures, span * MILLI, without_success * MILLI);
        for op in ops {
            match op {
                Op::Send(calls) => (0..calls).for_each(|_| pair.send()),
                Op::End(_, _) if pair.under_way.is_empty() => {}
                Op::End(call, verdict) => {
                    let call = pair.under_way.swap_remove(call % pair.under_way.len());
                    pair.end(call, verdict);
                }
                Op::SucceedSome => pair.succeed_some(),
                Op::Ask => pair.ask(),
                Op::Stop => pair.stop(),
                Op::Wait(millis) => pair.now += Duration::from_millis(millis),
            }
        }
    }

    #[test]
    fn it_judges_a_stream_as_the_plain_model_does(
        stream in stream(),
        failures in 20..60_u32,
        span in (0..8_u32).prop_map(|steps| 50 * steps),
        without_success in (4..80_u32).prop_map(|steps| 50 * steps),
    ) {
        let mut pair = Pair::new(failures, span * MILLI, without_success * MILLI);
        let start = pair.now;
        // When something happens, and which call it is; the end of a call comes after its sending.
        let mut events = Vec::new();
        let mut sent = 0;
        for (call, (gap, took, _)) in stream.iter().enumerate() {
            sent += gap;
            events.push((sent, call, false));
            events.push((sent + took, call, true));
        }
        events.sort_unstable();
        let mut under_way = vec![None; stream.len()];
        for (millis, call, ends) in events {
            pair.now = start + Duration::from_millis(millis);
            if ends {
                let sent = under_way[call].expect("it was sent before");
                pair.end(sent, stream[call].2);
            } else {
                pair.ask();
                pair.send();
                under_way[call] = pair.under_way.pop();
            }
        }
    }

    #[test]
    fn the_calls_it_keeps_are_bounded(
        times in proptest::collection::vec((0..100_000_u64, 0..50_u64), 0..2000),
    ) {
        let mut now = Instant::now();
        let mut rule = OutageRule::new(Outage::new().without_success(Duration::MAX));
        for (took, wait) in times {
            rule.fail(now, now - Duration::from_millis(took), None);
            rule.send(now);
            prop_assert!(rule.sent.len() <= 64);
            now += Duration::from_millis(wait);
        }
    }
}
