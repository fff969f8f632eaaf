//! What there is to do, who has what of it, and what is done.

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::lock;
use crate::metered::workload::Call;

/// How calls come to processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deal {
    /// Each process has every so-manieth from the beginning.
    Even,
    /// Who is free takes the next.
    Pool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    pub(crate) process: usize,
    /// In seconds.
    pub(crate) at: f64,
    pub(crate) number: usize,
    pub(crate) attempts: u32,
}

#[derive(Debug)]
pub(crate) struct Work {
    clock: Clock,
    state: Mutex<State>,
    /// There is more to do, or all is done.
    changed: Notify,
    finished: Notify,
}

#[derive(Debug)]
struct State {
    deal: Deal,
    /// Of each process, or one for all.
    waiting: Vec<VecDeque<Call>>,
    under_way: Vec<Vec<Call>>,
    done: Vec<Done>,
    left: usize,
}

impl Work {
    pub(crate) fn new(clock: &Clock, calls: &[Call], processes: usize, deal: Deal) -> Self {
        let queues = match deal {
            Deal::Even => processes,
            Deal::Pool => 1,
        };
        let mut waiting = vec![VecDeque::new(); queues];
        for call in calls {
            waiting[call.number % queues].push_back(*call);
        }
        Self {
            clock: clock.clone(),
            state: Mutex::new(State {
                deal,
                waiting,
                under_way: vec![Vec::new(); processes],
                done: Vec::new(),
                left: calls.len(),
            }),
            changed: Notify::new(),
            finished: Notify::new(),
        }
    }

    /// The next call of a process, or `None` when all are done.
    pub(crate) async fn next(&self, process: usize) -> Option<Call> {
        loop {
            let changed = self.changed.notified();
            {
                let mut state = lock(&self.state);
                if state.left == 0 {
                    return None;
                }
                if let Some(call) = state.queue(process).pop_front() {
                    state.under_way[process].push(call);
                    return Some(call);
                }
            }
            changed.await;
        }
    }

    pub(crate) fn done(&self, process: usize, call: Call, attempts: u32) {
        let mut state = lock(&self.state);
        let under_way = &mut state.under_way[process];
        let Some(index) = under_way.iter().position(|one| one.number == call.number) else {
            // It was buried with its process, in this millisecond.
            return;
        };
        under_way.swap_remove(index);
        state.done.push(Done {
            process,
            at: self.clock.seconds(),
            number: call.number,
            attempts,
        });
        state.left -= 1;
        if state.left == 0 {
            self.changed.notify_waiters();
            self.finished.notify_one();
        }
    }

    /// A process has died. What it had begun is begun again by those who are `left`, or by itself if that is
    /// nobody; and what it had not begun as well.
    pub(crate) fn bury(&self, process: usize, left: &[usize]) {
        let mut state = lock(&self.state);
        let mut calls = std::mem::take(&mut state.under_way[process]);
        if state.deal == Deal::Even {
            let rest = std::mem::take(state.queue(process));
            calls.extend(rest);
        }
        for (n, call) in calls.into_iter().enumerate().rev() {
            let heir = left.get(n % left.len().max(1)).unwrap_or(&process);
            state.queue(*heir).push_front(call);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Somebody has failed: what is left is lost.
    pub(crate) fn break_off(&self) {
        self.finished.notify_one();
    }

    /// All is done, or it was broken off.
    pub(crate) async fn finished(&self) {
        self.finished.notified().await;
    }

    pub(crate) fn all_done(&self) -> Vec<Done> {
        lock(&self.state).done.clone()
    }
}

impl State {
    fn queue(&mut self, process: usize) -> &mut VecDeque<Call> {
        match self.deal {
            Deal::Even => &mut self.waiting[process],
            Deal::Pool => &mut self.waiting[0],
        }
    }
}
