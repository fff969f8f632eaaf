use tokio::time::{sleep, timeout};

use super::calls::{Calls, QUOTA};
use super::process::{MODEL, Process};
use crate::support::{SECOND, Server, until};

/// Processes that have more to do than the quota allows for.
pub(super) struct Fleet {
    pub(super) processes: Vec<Process>,
    pub(super) calls: Calls,
}

impl Fleet {
    /// Four of them.
    pub(super) fn new(url: &str) -> Self {
        Self::of(&[url; 4])
    }

    pub(super) fn of(urls: &[&str]) -> Self {
        let calls = Calls::new();
        let process = |(name, url): (usize, &&str)| Process::new(name, url, &calls);
        Self {
            processes: urls.iter().enumerate().map(process).collect(),
            calls,
        }
    }

    /// At work by one log, and long enough that each knows of the others: one that knows of none takes all if the log
    /// is gone.
    pub(super) async fn at_work(mut self) -> Self {
        self.work();
        self.each_begins(QUOTA / 4 + 5).await;
        self.each_begins(5).await;
        self.are_together().await;
        self
    }

    pub(super) fn work(&mut self) {
        for process in &mut self.processes {
            process.work();
        }
    }

    /// Each process begins so many calls, from now on.
    pub(super) async fn each_begins(&self, more: usize) {
        let begun = |name: usize| self.calls.of(name);
        let before: Vec<_> = (0..self.processes.len()).map(begun).collect();
        let each = || (0..before.len()).all(|name| begun(name) >= before[name] + more);
        until("each begins some", each).await;
    }

    /// All go by their parts.
    pub(super) async fn are_alone(&self) {
        let all = || {
            self.processes
                .iter()
                .all(|process| process.lines.is_alone())
        };
        until("all go by their parts", all).await;
    }

    /// All go by their parts for some time, and none takes the log for one that is back.
    pub(super) async fn stay_alone(&self) {
        sleep(2 * SECOND).await;
        for process in &self.processes {
            let lines = process.lines.all();
            let back = lines.iter().any(|line| line.contains("shared log is back"));
            assert!(!back, "{lines:#?}");
        }
    }

    /// All go by the log.
    pub(super) async fn are_together(&self) {
        let all = || {
            !self
                .processes
                .iter()
                .any(|process| process.lines.is_alone())
        };
        until("all go by the log", all).await;
    }

    /// Each goes on, and by the log.
    pub(super) async fn go_on_together(&self, server: &Server) {
        self.are_together().await;
        let before = claimed(server);
        self.each_begins(10).await;
        until("the calls are claimed", || claimed(server) >= before + 40).await;
        self.are_together().await;
    }

    /// All calls end well, and there were never more than twice the quota.
    pub(super) async fn rest(&mut self) {
        for process in &mut self.processes {
            let rested = timeout(10 * SECOND, process.rest()).await;
            rested.expect("its calls end");
        }
        self.calls.are_never_twice_the_quota();
    }
}

/// How many calls the log has let begin.
pub(super) fn claimed(server: &Server) -> u64 {
    let head = format!("{{tower-quota:{MODEL}}}:head");
    let state: Option<Vec<u8>> = server.ask(&["HGET", &head, "state"]);
    let calls = state.map_or([0; 8], |state| state[16..24].try_into().unwrap());
    f64::from_le_bytes(calls) as u64
}
