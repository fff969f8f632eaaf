use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::support::SECOND;

/// What the server that is called allows in a second.
pub(super) const QUOTA: usize = 60;

/// Which process called the server that has the quota, and when.
#[derive(Clone)]
pub(super) struct Calls {
    since: Instant,
    calls: Arc<Mutex<Vec<(Duration, usize)>>>,
}

impl Calls {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            calls: Arc::default(),
        }
    }

    pub(super) fn note(&self, process: usize) {
        let at = self.since.elapsed();
        self.calls.lock().unwrap().push((at, process));
    }

    pub(super) fn all(&self) -> Vec<(Duration, usize)> {
        let mut calls = self.calls.lock().unwrap().clone();
        calls.sort_unstable();
        calls
    }

    /// How many calls a process has begun.
    pub(super) fn of(&self, process: usize) -> usize {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|(_, by)| *by == process).count()
    }

    /// No two seconds had more than twice what there is. What was granted goes within two seconds or not at all: so
    /// that holds however slow the machine is, where the log is one and whole.
    pub(super) fn are_never_twice_the_quota(&self) {
        let calls = self.all();
        for (first, (at, _)) in calls.iter().enumerate() {
            let end = calls.partition_point(|(other, _)| *other < *at + 2 * SECOND);
            let many = end - first;
            let by_time = || self.by_time();
            assert!(
                many <= 2 * 2 * QUOTA,
                "{many} in 2 s from {at:?} on: {:?}",
                by_time()
            );
        }
    }

    /// How many calls each process began in each quarter of a second.
    fn by_time(&self) -> Vec<Vec<usize>> {
        let mut quarters = Vec::new();
        for (at, process) in self.all() {
            let quarter = (at.as_millis() / 250) as usize;
            quarters.resize(quarters.len().max(quarter + 1), vec![0; 5]);
            quarters[quarter][process] += 1;
        }
        quarters
    }

    /// From the beginning on there were never more than there are, for as a call is counted before it goes.
    pub(super) fn are_never_more_than_the_quota(&self) {
        for (number, (at, _)) in self.all().iter().enumerate() {
            // Two clocks are a little apart.
            let seconds = (at.as_secs_f64() + 0.1) as usize + 1;
            assert!(number < QUOTA * seconds, "call {number} at {at:?}");
        }
    }
}
