//! A client that knows all there is to know: the meter, its state, when its minutes begin, what
//! each call comes to, and how long each way takes. It sends first come, first served, each call
//! such that it arrives in the millisecond in which it fits, and is never throttled.

mod agenda;
mod meter;
mod quotas;

use std::{collections::VecDeque, time::Duration};

use fastrand::Rng;

use self::{
    agenda::{Agenda, Event},
    quotas::Quotas,
};
use crate::{
    batch::Batch,
    ideal::Ideal,
    network::one_way,
    run::{Ended, Run, longest},
    scenario::Scenario,
    server,
};

/// Computes what becomes of the calls. Times are whole milliseconds since the start, as those of
/// the runtime's clock are.
pub(crate) fn run(scenario: &Scenario, batch: &Batch, ideal: &Ideal) -> Run {
    let mut oracle = Oracle::new(scenario, batch);
    oracle.run(longest(ideal).as_millis() as u64);
    Run::of(oracle.ended, 0, scenario.calls)
}

struct Oracle<'a> {
    scenario: &'a Scenario,
    batch: &'a Batch,
    quotas: Quotas,
    agenda: Agenda,
    /// The calls that could be at the server and do not fit yet.
    queue: VecDeque<usize>,
    /// When each call was taken by a worker or came by itself.
    came: Vec<u64>,
    /// The next call that a worker takes.
    next: usize,
    rng: Rng,
    neighbours_rng: Rng,
    ended: Vec<Ended>,
    /// Which call was let in when, in that order.
    #[cfg(test)]
    admitted: Vec<(usize, u64)>,
}

impl<'a> Oracle<'a> {
    fn new(scenario: &'a Scenario, batch: &'a Batch) -> Self {
        let calls = scenario.calls;
        let mut oracle = Self {
            scenario,
            batch,
            quotas: Quotas::new(scenario),
            agenda: Agenda::default(),
            queue: VecDeque::new(),
            came: vec![0; calls],
            next: 0,
            rng: server::rng(scenario.seed, "lab"),
            neighbours_rng: server::rng(scenario.seed, "neighbour"),
            ended: Vec::new(),
            #[cfg(test)]
            admitted: Vec::new(),
        };
        if let Some(bursts) = scenario.bursts {
            for call in 0..calls {
                oracle.comes(call, bursts.at(call).as_millis() as u64);
            }
        } else {
            for _ in 0..scenario.workers {
                oracle.take_next(0);
            }
        }
        oracle.neighbour_sends(0, 0);
        oracle
    }

    /// Until all calls are back, or `last` has come.
    fn run(&mut self, last: u64) {
        while self.ended.len() < self.scenario.calls {
            let now = match (self.agenda.next_at(), self.head_fits_at()) {
                (Some(event), Some(head)) => event.min(head),
                (Some(at), None) | (None, Some(at)) => at,
                (None, None) => break,
            };
            if now > last {
                break;
            }
            while let Some(event) = self.agenda.due(now) {
                self.happens(now, event);
            }
            self.admit(now);
        }
    }

    fn happens(&mut self, now: u64, event: Event) {
        match event {
            Event::Answered(call, marks) => {
                self.quotas.settle(now, marks, self.batch.costs[call]);
                let back = now + way(self.scenario, &mut self.rng);
                self.agenda.add(back, Event::Back(call));
            }
            Event::NeighbourAnswered(call, marks) => {
                self.quotas.settle(now, marks, self.batch.neighbours[call]);
            }
            Event::Back(call) => {
                let took = Duration::from_millis(now - self.came[call]);
                self.ended.push(Ended {
                    at: Duration::from_millis(now),
                    took,
                    waited: took
                        .saturating_sub(self.batch.costs[call].time + self.scenario.network),
                    ok: true,
                });
                if self.scenario.bursts.is_none() {
                    self.take_next(now);
                }
            }
            Event::Arrives(call) => self.queue.push_back(call),
            Event::NeighbourArrives(number) => {
                let call = number % self.batch.neighbours.len();
                let cost = self.batch.neighbours[call];
                // Whether it fits or not: all that the neighbour asks for is its own. Else a client
                // that knows when room will be there would be there first, and leave it nothing.
                let marks = self.quotas.charge(now, cost);
                let answered = now + millis(cost.time);
                self.agenda
                    .add(answered, Event::NeighbourAnswered(call, marks));
                self.neighbour_sends(now, number + 1);
            }
        }
    }

    fn take_next(&mut self, now: u64) {
        if self.next < self.scenario.calls {
            self.comes(self.next, now);
            self.next += 1;
        }
    }

    fn comes(&mut self, call: usize, now: u64) {
        self.came[call] = now;
        let arrives = now + way(self.scenario, &mut self.rng);
        self.agenda.add(arrives, Event::Arrives(call));
    }

    /// Sends what the neighbour sends next; it has no answer to wait for.
    fn neighbour_sends(&mut self, now: u64, number: usize) {
        let sends = self
            .scenario
            .neighbour
            .and_then(|neighbour| neighbour.at(self.scenario, self.batch.mean_charge(), number));
        if let Some(at) = sends {
            let arrives = millis(at) + way(self.scenario, &mut self.neighbours_rng);
            self.agenda
                .add(arrives.max(now), Event::NeighbourArrives(number));
        }
    }

    fn head_fits_at(&mut self) -> Option<u64> {
        let &head = self.queue.front()?;
        Some(
            self.quotas
                .fits_at(self.agenda.now(), self.batch.costs[head]),
        )
    }

    /// Lets in who fits, none before who came earlier.
    fn admit(&mut self, now: u64) {
        while let Some(&head) = self.queue.front() {
            let cost = self.batch.costs[head];
            if self.quotas.fits_at(now, cost) > now {
                break;
            }
            self.queue.pop_front();
            let marks = self.quotas.charge(now, cost);
            self.agenda
                .add(now + millis(cost.time), Event::Answered(head, marks));
            #[cfg(test)]
            self.admitted.push((head, now));
        }
    }
}

/// One way between the client and the server.
fn way(scenario: &Scenario, rng: &mut Rng) -> u64 {
    if scenario.network.is_zero() {
        return 0;
    }
    millis(one_way(scenario.network, rng))
}

/// Rounded up, as the runtime's clock does it.
fn millis(time: Duration) -> u64 {
    let millis = time.as_nanos().div_ceil(1_000_000);
    u64::try_from(millis).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
