use tokio::time::Instant;

use super::callers::{GoesOn, Joined, Key, Value, Waited};
use super::flight::{Cause, Done};
use super::layer_state::LayerState;
use super::miss_state::{Driver, MissState, Seen};
use crate::policy::{CacheStatus, Policy};
use crate::store::{Entry, Freshness, Store};

/// What a request does next.
pub(crate) enum Step<K: Key, V: Value, R> {
    /// Goes on in another state, at once.
    Go(MissState<K, V, R>),
    /// Stays in its state until it is woken.
    Stay(MissState<K, V, R>),
    /// Has its answer.
    Answer(R),
}

impl<P, K: Key, V: Value, St: Store<K, V>> LayerState<P, K, V, St> {
    /// Joins the flight of `key`, or leads a new one.
    pub(super) fn join<Req, Res, E>(&self, key: K, seen: Option<Seen>) -> Step<K, V, Result<Res, E>>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        let lead = match Joined::new(self.cache.flights(), key) {
            Joined::Wait(wait) => return Step::Go(MissState::Wait(wait)),
            Joined::GoesOn(going_on) => return self.going_on(going_on),
            Joined::Lead(lead) => lead,
        };
        let stored = self.cache.flights().stored();
        if let Some(seen) = seen.filter(|seen| seen.stored == stored) {
            return self.ask_or_begin(lead, seen.cause);
        }
        // Another flight may have ended since the store was read. It stored its answer before it left
        // the table, so whoever finds no flight there finds the answer here.
        let cause = match self.cache.get(lead.key()) {
            Some((value, Freshness::Fresh)) => {
                if let Some(result) = self.restore(value.clone(), CacheStatus::Hit) {
                    lead.end().tell(Some(&value), CacheStatus::Joined);
                    return Step::Answer(result);
                }
                Cause::Miss
            }
            Some(_) => Cause::Expired,
            None => Cause::Miss,
        };
        self.ask_or_begin(lead, cause)
    }

    /// Answers with an answer that goes on, or joins another flight.
    fn going_on<Req, Res, E>(&self, going_on: GoesOn<K, V>) -> Step<K, V, Result<Res, E>>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        let GoesOn {
            key,
            flight,
            answer,
        } = going_on;
        if let Some(result) = self.restore((*answer).clone(), CacheStatus::Joined) {
            return Step::Answer(result);
        }
        // Whoever asks later could make nothing of it either. The flight is closed and not merely
        // passed over, so that these callers share one call and make none of their own.
        self.cache.flights().with(|table| table.close(&key, flight));
        Step::Go(MissState::Join(key, None))
    }

    /// What a caller does when its wait has ended.
    pub(super) fn waited<Req, Res, E>(&self, waited: Waited<K, V>) -> Step<K, V, Result<Res, E>>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        match waited {
            Waited::Answer(value, status) => self.restored_or_alone(value, status),
            Waited::Lead(lead) if lead.has_work() => {
                Step::Go(MissState::Drive(lead, Driver::TookOver))
            }
            // The leader left before it began, panicked, or got an error that is not shared.
            Waited::Lead(lead) => self.ask_or_begin(lead, Cause::Miss),
            Waited::Alone => Step::Go(MissState::Alone(CacheStatus::Miss)),
            Waited::Again(key) => Step::Go(MissState::Join(key, None)),
        }
    }

    /// What the driver of a flight gets of it; `None` if a request of another type began the call.
    pub(super) fn driven<Req, Res, E>(
        &self,
        key: &K,
        driver: Driver,
        done: Option<Done<V, Result<Res, E>>>,
    ) -> Step<K, V, Result<Res, E>>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        match (done, driver) {
            (Some(Done::Called(result)), _) => {
                // Who began the call was counted when the call was made.
                if let Driver::TookOver = driver {
                    self.cache.count(CacheStatus::Joined);
                }
                Step::Answer(self.marked(result, driver.status()))
            }
            (Some(Done::Stale(old, _)), Driver::TookOver) => {
                self.restored_or_alone(old, CacheStatus::StaleIfError)
            }
            // It asked for a new answer, so it is told that there is none.
            (Some(Done::Stale(_, failed)), Driver::Began(Cause::Refresh)) => Step::Answer(failed),
            (Some(Done::Stale(old, failed)), Driver::Began(_)) => {
                let restored = self.policy.restore(old, CacheStatus::StaleIfError);
                Step::Answer(restored.map_or(failed, |result| {
                    self.cache.count_stale();
                    result
                }))
            }
            // The error may come of a limit of the caller that left; the next call may fare better.
            (Some(Done::Failed(_) | Done::Stored), Driver::TookOver) => {
                Step::Go(MissState::Join(key.clone(), None))
            }
            (Some(Done::Failed(failed)), Driver::Began(_)) => Step::Answer(failed),
            (Some(Done::Stored), Driver::Began(_)) | (None, _) => {
                Step::Go(MissState::Alone(CacheStatus::Miss))
            }
        }
    }

    /// An answer of the remote store, or what is to be said if it has none.
    pub(super) fn found_or<Req, Res, E>(
        &self,
        found: Option<Entry<V>>,
        absent: Result<Res, E>,
    ) -> Result<Res, E>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        let now = Instant::now();
        let found = found.and_then(|entry| {
            let status = match entry.freshness(now) {
                Freshness::Fresh => CacheStatus::Hit,
                Freshness::Revalidate => CacheStatus::Stale,
                Freshness::IfError | Freshness::Expired => return None,
            };
            self.restore(entry.into_value(), status)
        });
        found.unwrap_or_else(|| self.absent(absent))
    }

    /// Answers with `value`. If that is not of this caller's type, the caller makes a call of its own.
    fn restored_or_alone<Req, Res, E>(
        &self,
        value: V,
        status: CacheStatus,
    ) -> Step<K, V, Result<Res, E>>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        let alone = Step::Go(MissState::Alone(CacheStatus::Miss));
        self.restore(value, status).map_or(alone, Step::Answer)
    }
}
