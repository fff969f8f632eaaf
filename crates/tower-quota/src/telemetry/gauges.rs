use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use metrics::gauge;

use crate::limit::Limit;
use crate::usage::{Handle, Headroom, LimitSnapshot};

/// Publishes what the keys of a layer use, as gauges.
///
/// [`record`](Self::record) is to be called before each scrape, or now and then. The gauges have the
/// key as a label, so there is a bound: the keys that are seen first get gauges, and keep them. A key
/// that is forgotten, or is no longer under a limit, uses nothing and is shown so.
///
/// ```
/// use tower_quota::{Gauges, MemoryLedger, QuotaLayer};
///
/// fn gauges<C>(layer: &QuotaLayer<C, MemoryLedger<String>>) -> Gauges<String> {
///     Gauges::new(layer.handle(), 100)
/// }
/// ```
///
/// Which they are is in the [guide](crate::docs::telemetry).
pub struct Gauges<K> {
    handle: Handle<K>,
    max_keys: usize,
    shown: Mutex<HashMap<K, Shown>>,
}

struct Shown {
    text: String,
    limits: Vec<Limit>,
}

impl<K: Hash + Eq + Clone + fmt::Display> Gauges<K> {
    /// Gauges for at most `max_keys` keys.
    #[must_use]
    pub fn new(handle: Handle<K>, max_keys: usize) -> Self {
        Self {
            handle,
            max_keys,
            shown: Mutex::default(),
        }
    }

    /// Sets the gauges to what is true now.
    pub fn record(&self) {
        let name = self.handle.name();
        let keys = self.handle.keys();
        gauge!("tower_quota_keys", "name" => name).set(keys.len() as f64);
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            if shown.len() >= self.max_keys {
                break;
            }
            shown.entry(key).or_insert_with_key(|key| Shown {
                text: key.to_string(),
                limits: Vec::new(),
            });
        }
        for (key, shown) in &mut *shown {
            self.show(name, key, shown);
        }
    }

    fn show(&self, name: &'static str, key: &K, shown: &mut Shown) {
        let gauge =
            |metric: &'static str| gauge!(metric, "name" => name, "key" => shown.text.clone());
        let snapshot = self.handle.snapshot(key);
        let now = snapshot.as_ref();
        let headroom = now.map_or(Headroom::WHOLE, |_| self.handle.headroom(key));
        gauge("tower_quota_queued_calls").set(now.map_or(0.0, |now| now.queued as f64));
        gauge("tower_quota_pending_calls").set(now.map_or(0.0, |now| now.pending_calls as f64));
        gauge("tower_quota_share").set(now.map_or(1.0, |now| now.share));
        gauge("tower_quota_left").set(headroom.left());
        gauge("tower_quota_next_wait_seconds").set(headroom.wait().as_secs_f64());
        let limits = now.map(|now| &*now.limits).unwrap_or_default();
        for gone in &shown.limits {
            if !limits.iter().any(|limit| is_alike(&limit.limit, gone)) {
                of_limit("tower_quota_used", name, &shown.text, gone).set(0.0);
            }
        }
        for limit in limits {
            show_limit(name, &shown.text, limit);
        }
        for limit in limits {
            if !shown.limits.iter().any(|old| is_alike(old, &limit.limit)) {
                shown.limits.push(limit.limit.clone());
            }
        }
    }
}

fn show_limit(name: &'static str, key: &str, limit: &LimitSnapshot) {
    of_limit("tower_quota_used", name, key, &limit.limit).set(limit.used as f64);
    // Of one that is being found out nobody knows it before the first throttle.
    if let Some(amount) = limit.amount {
        of_limit("tower_quota_limit", name, key, &limit.limit).set(amount as f64);
        of_limit("tower_quota_headroom", name, key, &limit.limit).set(limit.headroom as f64);
    }
}

fn of_limit(metric: &'static str, name: &'static str, key: &str, limit: &Limit) -> metrics::Gauge {
    gauge!(
        metric,
        "name" => name,
        "key" => key.to_owned(),
        "unit" => limit.unit.to_string(),
        "period" => format!("{:?}", limit.period),
    )
}

/// Whether two limits have the same gauges.
fn is_alike(one: &Limit, other: &Limit) -> bool {
    (one.unit, one.period) == (other.unit, other.period)
}

impl<K> fmt::Debug for Gauges<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gauges")
            .field("handle", &self.handle)
            .field("max_keys", &self.max_keys)
            .finish_non_exhaustive()
    }
}
