use std::{future::Future, pin::Pin};

use super::cache::Fetch;
use super::callers::{Key, Lead, Value, Wait};
use super::flight::Cause;
use crate::{policy::CacheStatus, store::Entry};

/// What a request that was no hit does for its answer, a result `R`.
pub(crate) enum MissState<K: Key, V: Value, R> {
    /// It is going to join the flight of its key, or to start one.
    Join(K, Option<Seen>),
    /// It is going to start a new flight of its key, whether or not there is one.
    Refresh(K),
    /// It waits for a flight that another caller leads.
    Wait(Wait<K, V>),
    /// It leads a flight, and asks the remote store before it makes the call.
    Ask(Lead<K, V>, Cause, AskForFlight<V>),
    /// It leads a flight, and is going to make the call.
    Begin(Lead<K, V>, Cause),
    /// It drives the call of a flight.
    Drive(Lead<K, V>, Driver),
    /// It makes a call of its own, for which nobody else waits.
    Alone(CacheStatus),
    /// It asks the remote store, and gets `R` if that has nothing.
    AskRemote(AskRemote<V>, R),
    /// It has its answer, or panicked.
    Over,
}

/// What a request saw in the store when it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// How many answers had been stored before it looked.
    pub(crate) stored: u64,
    /// Why it would make a call.
    pub(crate) cause: Cause,
}

pub(crate) type AskRemote<V> = Pin<Box<dyn Future<Output = Option<Entry<V>>> + Send>>;

pub(crate) type AskForFlight<V> = Pin<Box<dyn Future<Output = Fetch<V>> + Send>>;

/// How a caller came to drive a flight.
#[derive(Clone, Copy)]
pub(crate) enum Driver {
    /// It began the call, so whatever comes of the call is its own.
    Began(Cause),
    /// It took the call over from a caller that left.
    TookOver,
}

impl Driver {
    /// How the cache took part in what the driver gets of the call.
    pub(crate) const fn status(self) -> CacheStatus {
        match self {
            Self::Began(Cause::Refresh) => CacheStatus::Refreshed,
            Self::Began(Cause::Expired) => CacheStatus::Expired,
            Self::Began(_) => CacheStatus::Miss,
            Self::TookOver => CacheStatus::Joined,
        }
    }
}
