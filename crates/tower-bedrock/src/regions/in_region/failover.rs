//! What becomes of a call that failed in one Region.

use super::call::Call;
use crate::{
    error::{Error, ErrorKind},
    operation::Operation,
    regions::{
        choice::Choice,
        choosing::OPEN,
        movable::{Fate, Reason, fate, more_telling},
    },
};
use std::time::Duration;
use tokio::time::Instant;

/// Longer than the wait for any circuit, unless that never lets a call through.
const NEARLY_NEVER: Duration = Duration::MAX.saturating_sub(Duration::from_nanos(1));

impl<I: Operation> Call<I> {
    /// It failed. Says with what it ends, if it does not go on elsewhere.
    pub(super) fn failed(&mut self, error: Error, now: Instant) -> Result<(), Error> {
        let is_asked = self.here.model == 0;
        let reason = match fate(&error) {
            Fate::Moves(reason) => reason,
            // Whatever was wrong with it, it was not what the caller asked for.
            Fate::Stays if !is_asked && is_of_the_request(&error) => Reason::OtherModel,
            Fate::Avoids | Fate::Stays => return Err(self.instead_of(error)),
        };
        self.tried.insert(self.here.region);
        if reason == Reason::NotServed {
            self.missing.insert(self.here.region);
        }
        let bound = self.bound(&error, reason);
        let next = self.next(bound, now);
        let Some((model, choice)) = next else {
            if is_asked {
                return Err(self.with(error));
            }
            return Err(self.error.take().unwrap_or(error));
        };
        self.attempts.ended(Some(&error));
        if is_asked {
            self.error = Some(self.with(error));
        }
        self.leaves(reason, model, choice, now);
        Ok(())
    }

    /// Where a call goes that failed: within the `bound`, or to another model.
    fn next(&mut self, bound: Duration, now: Instant) -> Option<(usize, Choice)> {
        let model = self.here.model;
        let all = self.allowed(model).without(self.tried);
        let candidates = self.candidates(model, now).without(self.tried);
        let is_missing = self.missing == self.tried;
        // Where it is left out it may be served again by now, if it is served nowhere else.
        let candidates = if candidates.is_empty() && is_missing {
            all
        } else {
            candidates
        };
        let choice = self.choose(model, candidates, now);
        if let Some(choice) = choice.filter(|choice| choice.sum() <= bound) {
            return Some((model, choice));
        }
        if !self.is_last_model
            && let Some(other) = self.other_model(model + 1, now)
        {
            return Some(other);
        }
        // Others were to spare the wait for what was asked for.
        if model > 0 && self.error.is_none() {
            self.is_last_model = true;
            let choice = self.choose(0, self.candidates(0, now), now)?;
            return Some((0, choice));
        }
        None
    }

    /// How long a call that failed waits for another Region, rather than for the retry layer.
    fn bound(&self, error: &Error, reason: Reason) -> Duration {
        let is_final = error.kind() != ErrorKind::Throttled;
        match reason {
            // A retry is no help, unless that which waits for a circuit elsewhere.
            Reason::NotServed => NEARLY_NEVER,
            Reason::Quota if is_final => NEARLY_NEVER,
            // It would be turned away again.
            Reason::Circuit | Reason::OtherModel | Reason::Waiting => OPEN,
            Reason::Quota | Reason::Fault => {
                let asked = error.retry_after().unwrap_or_default();
                self.patience_of_retries().max(asked).min(OPEN)
            }
        }
    }

    fn with(&mut self, error: Error) -> Error {
        match self.error.take() {
            Some(before) => more_telling(before, error),
            None => error,
        }
    }

    /// An error that ends the call, unless one that was met before is worth more: access that another account
    /// refuses says nothing of the Region that will have room again.
    fn instead_of(&mut self, error: Error) -> Error {
        match self.error.take() {
            Some(before) if error.kind() == ErrorKind::AccessDenied => before,
            _ => error,
        }
    }
}

/// Whether an error says that the request does not suit the model, or may not be made.
fn is_of_the_request(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Invalid | ErrorKind::AccessDenied | ErrorKind::Transient | ErrorKind::Other => {
            true
        }
        ErrorKind::Throttled
        | ErrorKind::Exhausted
        | ErrorKind::Capacity
        | ErrorKind::Timeout
        | ErrorKind::Truncated
        | ErrorKind::DeadlineExceeded
        | ErrorKind::CircuitOpen
        | ErrorKind::NotCached
        | ErrorKind::QuotaRejected
        | ErrorKind::Closed => false,
    }
}
