//! A client that knows everything: the meter, what it holds, its phase, its neighbours, and how
//! long each way takes. First come, first served, and never refused.
//!
//! Its clock is the server's. A call that comes to the client is at the server a way later.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::metered::network::WAY;
use crate::metered::outcome::Outcome;
use crate::metered::server::{Admitted, Server};
use crate::metered::workload::{Arrivals, Call, Workload};

#[derive(Clone, Copy, Debug)]
enum Event {
    /// It could be at the server.
    Come(usize),
    /// The server has the whole answer.
    End(usize, Admitted),
    /// The client has it.
    Back(usize),
}

/// Events by time, and at the same time by order.
#[derive(Debug, Default)]
struct Agenda {
    times: BinaryHeap<Reverse<(u64, usize)>>,
    events: Vec<Event>,
}

impl Agenda {
    fn add(&mut self, at: f64, event: Event) {
        // Positive floats are in the order of their bits.
        self.times.push(Reverse((at.to_bits(), self.events.len())));
        self.events.push(event);
    }

    fn next_at(&self) -> f64 {
        let next = self.times.peek();
        next.map_or(f64::INFINITY, |Reverse((at, _))| f64::from_bits(*at))
    }

    fn next_by(&mut self, now: f64) -> Option<Event> {
        if self.next_at() > now {
            return None;
        }
        self.times
            .pop()
            .map(|Reverse((_, index))| self.events[index])
    }
}

pub(crate) fn run(workload: &Workload, calls: &[Call], mut server: Server) -> Outcome {
    let mut agenda = Agenda::default();
    let mut queue = VecDeque::new();
    let mut came: Vec<f64> = calls.iter().map(|call| call.comes).collect();
    let mut next = calls.len();
    if let Arrivals::Workers(workers) = workload.arrivals {
        next = workers.min(calls.len());
    }
    for call in &calls[..next] {
        agenda.add(call.comes + WAY, Event::Come(call.number));
    }
    let counts_tokens = workload.limits.calls.is_none() || workload.limits.tokens.is_some();
    let mut outcome = Outcome {
        finished: true,
        attempts: 1,
        ..Outcome::default()
    };
    let mut now: f64 = 0.0;
    while outcome.done.len() < calls.len() {
        let head = queue
            .front()
            .map(|&head: &usize| calls[head].reserved as f64);
        let fits_at = head.map_or(f64::INFINITY, |head| server.may_fit_at(now, head));
        now = agenda.next_at().min(fits_at).max(now);
        assert!(now.is_finite(), "a call never fits");
        while let Some(event) = agenda.next_by(now) {
            match event {
                Event::Come(number) => queue.push_back(number),
                Event::End(number, admitted) => {
                    server.settle(now, admitted, calls[number].used as f64);
                    agenda.add(now + WAY, Event::Back(number));
                }
                Event::Back(number) => {
                    let amount = calls[number].used as f64;
                    let amount = if counts_tokens { amount } else { 1.0 };
                    outcome.done.push((now, amount));
                    outcome.seconds = now;
                    if next < calls.len() {
                        came[next] = now;
                        agenda.add(now + WAY, Event::Come(next));
                        next += 1;
                    }
                }
            }
        }
        while let Some(&head) = queue.front() {
            let call = &calls[head];
            let Ok(admitted) = server.admit(now, call.reserved as f64) else {
                break;
            };
            queue.pop_front();
            outcome.waits.push((now - WAY - came[head]).max(0.0));
            agenda.add(now + call.seconds, Event::End(head, admitted));
        }
    }
    outcome
}
