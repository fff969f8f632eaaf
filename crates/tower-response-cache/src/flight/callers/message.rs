use std::sync::Arc;

use tokio::sync::oneshot;

use super::{flight_table::Ended, work::Work};
use crate::policy::CacheStatus;

/// How a caller that waits is told how it goes on.
pub(crate) type Waiter<V> = oneshot::Sender<Message<V>>;

/// What a waiter is told, once.
pub(crate) enum Message<V> {
    /// The flight ended with this.
    Answer(V, CacheStatus),
    /// The leader is gone: this waiter drives the work, or makes the call if there is no work.
    TakeOver(Option<Work>),
    /// The flight ended with nothing to share.
    Alone,
}

impl<V: Clone> Ended<Waiter<V>, Arc<V>> {
    /// Hands the answer to each waiter, or sends each on its own way.
    pub(crate) fn tell(self, answer: Option<&V>, status: CacheStatus) {
        for waiter in self.waiters.into_values() {
            let message = match answer {
                Some(value) => Message::Answer(value.clone(), status),
                None => Message::Alone,
            };
            // Fails only for a waiter that has left, who needs no answer.
            let _ = waiter.send(message);
        }
    }
}
