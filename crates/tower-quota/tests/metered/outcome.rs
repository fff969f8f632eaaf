//! What became of the calls of one run.

#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// When the last answer was there, in seconds.
    pub(crate) seconds: f64,
    /// Of each call that was answered: from its coming to the sending of the attempt that passed.
    pub(crate) waits: Vec<f64>,
    /// When each attempt came to the server, let in or not, and what the call comes to.
    pub(crate) sent: Vec<(f64, f64)>,
    /// When each answer was there, and what it came to: tokens, or one where only calls count.
    pub(crate) done: Vec<(f64, f64)>,
    /// When each refusal was there.
    pub(crate) throttles: Vec<f64>,
    /// The most that a call needed.
    pub(crate) attempts: u32,
    /// Whether all were answered before it was broken off.
    pub(crate) finished: bool,
}

impl Outcome {
    pub(crate) fn mean_wait(&self) -> f64 {
        self.waits.iter().sum::<f64>() / self.waits.len().max(1) as f64
    }

    pub(crate) fn throttles_per_ok(&self) -> f64 {
        self.throttles.len() as f64 / self.done.len().max(1) as f64
    }

    /// The most refusals in any ten seconds.
    pub(crate) fn most_throttles_in_ten_seconds(&self) -> usize {
        let ends = |from: &f64| self.throttles.partition_point(|at| *at <= from + 10.0);
        let bursts = self.throttles.iter().enumerate();
        bursts.map(|(n, from)| ends(from) - n).max().unwrap_or(0)
    }

    /// What is done in a second, on average.
    pub(crate) fn rate(&self) -> f64 {
        self.done.iter().map(|done| done.1).sum::<f64>() / self.seconds
    }

    /// How long after `since` a minute begins in which at least so much is done, or `None` where
    /// the calls end before.
    pub(crate) fn minute_with(&self, least: f64, since: f64) -> Option<f64> {
        let begins = |done: &(f64, f64), at: f64| done.0 < at;
        let mut from = since;
        while from + 60.0 <= self.seconds {
            let first = self.done.partition_point(|done| begins(done, from));
            let last = self.done.partition_point(|done| begins(done, from + 60.0));
            let amount: f64 = self.done[first..last].iter().map(|done| done.1).sum();
            if amount >= least {
                return Some(from - since);
            }
            from += 2.0;
        }
        None
    }
}
