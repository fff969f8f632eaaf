use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;
use tower_quota::shared::Heard;

/// Who listens to what.
#[derive(Default)]
pub(crate) struct Listeners {
    channels: Mutex<HashMap<String, Vec<Listener>>>,
    /// Somebody listens, or does not any more.
    changed: Notify,
}

type Hear = dyn Fn(Heard) + Send + Sync;

struct Listener {
    hear: Arc<Hear>,
    /// Whether it knows that it hears all from now on.
    is_told: bool,
}

impl Listeners {
    /// Calls `hear` with what is published there, until the answer is dropped.
    pub(crate) fn add(self: &Arc<Self>, channel: String, hear: Box<Hear>) -> Listening {
        let hear = Arc::<Hear>::from(hear);
        let listener = Listener {
            hear: Arc::clone(&hear),
            is_told: false,
        };
        self.with(|channels| {
            let listeners = channels.entry(channel.clone()).or_default();
            listeners.push(listener);
        });
        self.changed.notify_one();
        Listening {
            listeners: Arc::downgrade(self),
            channel,
            hear,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.with(|channels| channels.is_empty())
    }

    /// The channels that somebody listens to.
    pub(crate) fn channels(&self) -> Vec<String> {
        self.with(|channels| channels.keys().cloned().collect())
    }

    /// Waits until [`channels`](Self::channels) may be others.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// There is no connection: none hears anything.
    pub(crate) fn deaf(&self) {
        self.with(|channels| {
            for listener in channels.values_mut().flatten() {
                listener.is_told = false;
            }
        });
    }

    /// What is published there is heard from now on. Whoever does not know has missed what was before.
    pub(crate) fn subscribed(&self, channel: &str) {
        let untold = self.with(|channels| {
            let listeners = channels.get_mut(channel).into_iter().flatten();
            let untold = listeners.filter(|listener| !listener.is_told);
            let tell = |listener: &mut Listener| {
                listener.is_told = true;
                Arc::clone(&listener.hear)
            };
            untold.map(tell).collect::<Vec<_>>()
        });
        for hear in untold {
            hear(Heard::Missed);
        }
    }

    pub(crate) fn heard(&self, channel: &str, heard: &Heard) {
        let listeners = self.with(|channels| {
            let listeners = channels.get(channel).into_iter().flatten();
            let hear = |listener: &Listener| Arc::clone(&listener.hear);
            listeners.map(hear).collect::<Vec<_>>()
        });
        for hear in listeners {
            hear(heard.clone());
        }
    }

    /// Nothing is called under the lock.
    fn with<T>(&self, look: impl FnOnce(&mut HashMap<String, Vec<Listener>>) -> T) -> T {
        look(&mut self.channels.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Ends the listening when it is dropped.
pub(crate) struct Listening {
    listeners: Weak<Listeners>,
    channel: String,
    hear: Arc<Hear>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        let Some(listeners) = self.listeners.upgrade() else {
            return;
        };
        listeners.with(|channels| {
            let Some(there) = channels.get_mut(&self.channel) else {
                return;
            };
            there.retain(|listener| !Arc::ptr_eq(&listener.hear, &self.hear));
            if there.is_empty() {
                channels.remove(&self.channel);
            }
        });
        listeners.changed.notify_one();
    }
}
