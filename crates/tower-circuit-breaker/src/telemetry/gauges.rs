use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use metrics::gauge;

use super::number;
use crate::keyed::Circuits;
use crate::snapshot::Snapshot;
use crate::transition::{OpenedBy, State};

/// Publishes the states of the circuits of a layer [by key](crate::CircuitBreakerLayer::key_by), as
/// gauges.
///
/// [`record`](Self::record) is to be called before each scrape, or now and then. The gauges have the
/// key as a label, so there is a bound: the keys that are seen first get gauges, and keep them. A key
/// that is forgotten is shown as closed.
///
/// Where all requests share one circuit its gauge is set without this. Which gauges there are is in the
/// [guide](crate::docs::telemetry_and_cost).
pub struct Gauges<Q> {
    circuits: Circuits<Q>,
    max_keys: usize,
    shown: Mutex<HashMap<Q, Shown>>,
}

#[derive(Default)]
struct Shown {
    text: String,
    /// The causes that have a gauge.
    opened_by: Vec<&'static str>,
}

impl<Q: Hash + Eq + Clone + fmt::Display> Gauges<Q> {
    /// Gauges for at most `max_keys` keys.
    #[must_use]
    pub fn new(circuits: Circuits<Q>, max_keys: usize) -> Self {
        Self {
            circuits,
            max_keys,
            shown: Mutex::default(),
        }
    }

    /// Sets the gauges to what is true now.
    pub fn record(&self) {
        let name = self.circuits.settings().name;
        gauge!("tower_circuit_breaker_keys", "name" => name).set(self.circuits.len() as f64);
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let mut room = self.max_keys.saturating_sub(shown.len());
        // Under the lock of the circuits no more is asked than whether a key has gauges or gets them.
        let found = self.circuits.some(|key| {
            shown.contains_key(key) || {
                let is_new = room > 0;
                room -= usize::from(is_new);
                is_new
            }
        });
        let mut now = HashMap::with_capacity(found.len());
        for (key, shard) in found {
            shown.entry(key.clone()).or_insert_with(|| Shown {
                text: key.to_string(),
                ..Shown::default()
            });
            now.insert(key, shard.circuit().change(Snapshot::of));
        }
        for (key, shown) in &mut *shown {
            shown.show(name, now.get(key));
        }
    }
}

impl Shown {
    fn show(&mut self, name: &'static str, now: Option<&Snapshot>) {
        let state = now.map_or(State::Closed, |now| now.state);
        let key = || self.text.clone();
        gauge!("tower_circuit_breaker_state", "name" => name, "key" => key()).set(number(state));
        let cause = now
            .filter(|now| now.state != State::Closed)
            .and_then(|now| now.opened_by)
            .map(OpenedBy::as_str);
        if let Some(cause) = cause {
            if !self.opened_by.contains(&cause) {
                self.opened_by.push(cause);
            }
        }
        for by in &self.opened_by {
            let is_it = cause == Some(*by);
            gauge!(
                "tower_circuit_breaker_open",
                "name" => name,
                "key" => self.text.clone(),
                "opened_by" => *by,
            )
            .set(f64::from(u8::from(is_it)));
        }
    }
}

impl<Q> fmt::Debug for Gauges<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gauges")
            .field("circuits", &self.circuits)
            .field("max_keys", &self.max_keys)
            .finish_non_exhaustive()
    }
}
