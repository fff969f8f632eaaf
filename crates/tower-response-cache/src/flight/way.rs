use std::{future::Future, pin::Pin};

use super::callers::{Key, Lead, Value, Wait};
use super::flight::Cause;
use crate::{policy::CacheStatus, store::Entry};

/// How a request that was no hit comes to its answer, a result `R`.
pub(crate) enum Way<K: Key, V: Value, R> {
    /// By the flight of its key, which it has yet to join or to start.
    Join(K),
    /// By a new flight of its key, which it has yet to start.
    Refresh(K),
    /// By a flight that another leads.
    Wait(Wait<K, V>),
    /// By a flight that it leads, which has yet to begin.
    Begin(Lead<K, V>, Cause),
    /// By a flight that it drives.
    Drive(Lead<K, V>, Driver),
    /// By a call of its own that nobody else waits for.
    Alone(CacheStatus),
    /// By the remote store, or with what is to be said if that has nothing.
    AskRemote(AskRemote<V>, R),
    /// It has its answer, or panicked.
    Over,
}

pub(crate) type AskRemote<V> = Pin<Box<dyn Future<Output = Option<Entry<V>>> + Send>>;

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
            Self::Began(Cause::Miss | Cause::Revalidate) => CacheStatus::Miss,
            Self::TookOver => CacheStatus::Joined,
        }
    }
}
