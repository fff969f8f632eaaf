use std::sync::Arc;

use super::callers::{Key, Value};
use super::delivery::Delivery;
use crate::policy::{CacheStatus, Keep, KeepLater, KeepTicket};
use crate::store::Store;

/// A flight whose callers have an answer that goes on. It stays in the table, for whoever asks
/// meanwhile, until the ticket that owns this is used or dropped.
struct GoingOn<K: Key, V: Value, St: Store<K, V>>(Option<Delivery<K, V, St>>);

impl<K: Key, V: Value, St: Store<K, V>> Delivery<K, V, St> {
    /// Hands `value` to those who wait and to whoever asks from now on, until the ticket ends that.
    pub(crate) fn go_on(self, value: V) -> KeepTicket<V> {
        let (cache, key, flight) = (Arc::clone(&self.cache), self.key.clone(), self.flight);
        // Made first: if a clone of the value panics below, the flight ends with the ticket.
        let ticket = KeepTicket::new(GoingOn(Some(self)));
        let value = Arc::new(value);
        let told = (cache.flights()).with(|table| table.go_on(&key, flight, Arc::clone(&value)));
        told.tell(Some(&value), CacheStatus::Joined);
        ticket
    }
}

impl<K: Key, V: Value, St: Store<K, V>> KeepLater<V> for GoingOn<K, V, St> {
    fn store(mut self: Box<Self>, value: V, keep: Keep) {
        if let Some(delivery) = self.0.take() {
            delivery.deliver(Some(keep), || Some(value.clone()));
        }
    }
}

impl<K: Key, V: Value, St: Store<K, V>> Drop for GoingOn<K, V, St> {
    fn drop(&mut self) {
        if let Some(delivery) = &self.0 {
            drop(delivery.end());
        }
    }
}
