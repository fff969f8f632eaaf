use std::time::Duration;

/// The part by which two steady clocks may go apart.
const DRIFT: u64 = 10_000;
/// What is taken for the time that an answer takes, until one came.
const ANSWER: u64 = 20_000_000;
/// An answer is waited for so many times as long as it usually takes, between these.
const PATIENCE: u64 = 4;
const SHORTEST: u64 = 250_000_000;
const LONGEST: u64 = 1_000_000_000;
/// By that much an answer may take longer than others and tell something.
const LEAST: u64 = 1_000_000;

/// The log's clock, as far as it is known here. Times are in nanoseconds; the local ones are those of the key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// These two are the same time.
    log: u64,
    local: u64,
    /// How long an answer takes: a moving average.
    answer: Option<u64>,
    /// How long one is waited for.
    patience: u64,
}

impl Clock {
    /// Not in step with any log yet.
    pub(crate) fn new(local: u64) -> Self {
        Self {
            log: local,
            local,
            answer: None,
            patience: LONGEST,
        }
    }

    /// The log's time.
    pub(crate) fn log(&self, local: u64) -> u64 {
        match local.checked_sub(self.local) {
            Some(passed) => self.log.saturating_add(passed),
            None => self.log.saturating_sub(self.local - local),
        }
    }

    /// The local time when the log's is that.
    pub(crate) fn local(&self, log: u64) -> u64 {
        match log.checked_sub(self.log) {
            Some(later) => self.local.saturating_add(later),
            None => self.local.saturating_sub(self.log - log),
        }
    }

    /// The time in the log when what is sent now arrives there.
    pub(crate) fn arrival(&self, local: u64) -> u64 {
        self.log(local).saturating_add(self.way())
    }

    /// What it was told last, in microseconds, and how long ago that is.
    pub(crate) fn said(&self, local: u64) -> (u64, Duration) {
        let passed = local.saturating_sub(self.local);
        (self.log / 1_000, Duration::from_nanos(passed))
    }

    /// How long a question takes until it is answered.
    pub(crate) fn answer(&self) -> u64 {
        self.answer.unwrap_or(ANSWER)
    }

    /// How long it takes to the log, or back.
    pub(crate) fn way(&self) -> u64 {
        self.answer() / 2
    }

    /// How long an answer is waited for.
    pub(crate) fn patience(&self) -> u64 {
        self.patience
    }

    /// There was none in that time.
    pub(crate) fn unanswered(&mut self) {
        self.patience = (2 * self.patience).min(LONGEST);
    }

    /// It was `log` there when a question was answered that was sent at that time.
    pub(crate) fn answered(&mut self, log: u64, sent: u64, now: u64) {
        let took = now.saturating_sub(sent);
        let before = self.answer.unwrap_or(took.min(ANSWER));
        // One that took much longer was held up on one of its ways, and nobody knows on which.
        let took = took.min(2 * before + LEAST);
        let answer = before - before / 8 + took / 8;
        self.answer = Some(answer);
        self.patience = (PATIENCE * answer).clamp(SHORTEST, LONGEST);
        self.heard(log.saturating_add(took.min(before) / 2), now);
    }

    /// It is about `log` there, or somewhat later, for that comes from there.
    pub(crate) fn heard(&mut self, log: u64, now: u64) {
        let known = self.log(now);
        // What is slow says nothing, but for the little by which clocks may differ.
        let drift = now.saturating_sub(self.local) / DRIFT;
        let slow = known.saturating_sub(log).min(drift);
        self.log = log.max(known - slow);
        self.local = now;
    }

    /// As [`heard`](Self::heard), whatever was known before.
    pub(crate) fn set(&mut self, log: u64, now: u64) {
        self.log = log;
        self.local = now;
    }
}

#[cfg(test)]
mod tests;
