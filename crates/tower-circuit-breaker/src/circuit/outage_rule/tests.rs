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
    slot: u64,
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
        let mut slow = None;
        for end in self.results.iter().filter(|end| end.failed) {
            let took = (end.now - end.sent).as_secs_f64();
            let next = match slow {
                None => took,
                Some(slow) if took > slow => slow * 0.19_f64.exp(),
                Some(slow) => slow * (-0.01_f64).exp(),
            };
            slow = Some(next.clamp(0.01, 60.0));
        }
        Duration::from_secs_f64(slow.unwrap_or(0.01) * 1.5)
    }

    fn send(&mut self, now: Instant, slot: u64) {
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
        outlived > failed / 50
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

#[derive(Clone, Debug)]
enum Op {
    Send(u8),
    /// The results of calls under way: failed or not, or nothing told.
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

proptest! {
    #[test]
    fn it_does_what_the_plain_model_does(
        ops in ops(),
        failures in prop_oneof![1..8_u32, 40..60_u32],
        span in 0..2000_u32,
        without_success in 0..20_000_u32,
    ) {
        let outage = Outage::new()
            .failures(failures)
            .span(span * MILLI)
            .without_success(without_success * MILLI);
        let mut now = Instant::now();
        let mut rule = OutageRule::new(outage);
        let mut model = Model {
            outage,
            calls: Vec::new(),
            results: Vec::new(),
            old: 0,
            run: None,
        };
        // When each was sent, and where the model keeps it.
        let mut under_way: Vec<(Instant, Option<usize>)> = Vec::new();
        for op in ops {
            match op {
                Op::Send(calls) => for _ in 0..calls {
                    let slot = rule.send(now);
                    prop_assert_eq!(slot.is_some(), model.run.is_some());
                    let call = slot.map(|slot| {
                        model.send(now, slot);
                        model.calls.len() - 1
                    });
                    under_way.push((now, call));
                },
                Op::End(_, _) if under_way.is_empty() => {}
                Op::End(call, verdict) => {
                    let (sent, call) = under_way.swap_remove(call % under_way.len());
                    let slot = call.map(|call| model.calls[call].slot);
                    model.end(now, sent, call, verdict);
                    match verdict {
                        None => rule.pass(slot),
                        Some(false) => rule.succeed(now, sent, slot),
                        Some(true) => {
                            let down = rule.fail(now, sent, slot).is_some();
                            prop_assert_eq!(down, model.is_down(now));
                        }
                    }
                }
                Op::SucceedSome => {
                    rule.succeed_some(now);
                    // Sent before any run could have begun.
                    let sent = model.run.as_ref().map_or(now, |run| run.sent - MILLI);
                    model.results.push(Ended { now, sent, failed: false });
                }
                Op::Ask => prop_assert_eq!(rule.down(now).is_some(), model.is_down(now)),
                Op::Stop => {
                    rule.end_run();
                    model.stop();
                }
                Op::Wait(millis) => now += Duration::from_millis(millis),
            }
            prop_assert_eq!(rule.is_watching(), model.run.is_some());
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
