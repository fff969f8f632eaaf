use std::fmt;
use std::hash::Hash;
use std::time::Duration;

use tower_layer::Layer;

use crate::ledger::memory::MemoryLedger;
use crate::limit::LimitsOf;
use crate::service::Quota;
use crate::settings::Settings;
use crate::telemetry::Telemetry;
use crate::usage::Handle;

/// Puts a [`Quota`] around services.
///
/// All services of one layer value, and of its clones, share one ledger.
///
/// # Knobs
///
/// Knobs come first: once a handle, a clone or a service was taken from this layer, turning a knob
/// panics, since those would go on with other settings.
#[derive(Clone)]
pub struct QuotaLayer<C, L> {
    cost: C,
    ledger: L,
}

impl<C, K: Hash + Eq + Clone + fmt::Display> QuotaLayer<C, MemoryLedger<K>> {
    /// Admits calls that cost what `cost` says under `limits`, each key for itself.
    ///
    /// `limits` is a [`Limit`](crate::Limit), an array of them, [`Limits`](crate::Limits), or a
    /// closure `Fn(&K) -> Limits`.
    #[must_use]
    pub fn new(limits: impl LimitsOf<K> + Send + Sync + 'static, cost: C) -> Self {
        Self::with_ledger(MemoryLedger::new(limits), cost)
    }

    /// Shows what is used.
    #[must_use]
    pub fn handle(&self) -> Handle<K> {
        Handle::new(self.ledger.clone())
    }

    /// At most so many calls of one key wait. Default: 4096.
    ///
    /// Of one too many the last in turn of the lowest priority is rejected with
    /// [`QueueFull`](crate::Cause::QueueFull): mostly the newcomer, but one that waits where a call
    /// of higher priority comes, or one of a tenant whose turn comes earlier. So a flood that has
    /// time does not shut out what is urgent, nor one tenant the others.
    #[must_use]
    #[track_caller]
    pub fn max_queue(self, calls: usize) -> Self {
        self.set(|settings| settings.max_queue = calls)
    }

    /// A call that would wait longer is rejected at once. Default: no bound.
    ///
    /// Where the amount is not known and the wait no more than a guess, it is rejected when it has
    /// waited so long. The same goes for deadlines.
    #[must_use]
    #[track_caller]
    pub fn max_wait(self, wait: Duration) -> Self {
        self.set(|settings| settings.max_wait = Some(wait))
    }

    /// A waiting call goes before calls of the next higher [`Priority`](crate::Priority) that
    /// come more than so much after it, whatever their tenants. Default: 30 seconds.
    ///
    /// Within a priority every other turn is for calls that came within that time after the oldest,
    /// so that a stream of new tenants does not push back an old one for ever.
    #[must_use]
    #[track_caller]
    pub fn aging(self, aging: Duration) -> Self {
        self.set(|settings| settings.aging = aging)
    }

    /// How long calls are rejected after [`Throttle::Exhausted`](crate::Throttle::Exhausted) without
    /// a hint, those of its size and larger ones. Default: one hour, for a server does not say when its
    /// day ends. More than a day is a day.
    #[must_use]
    #[track_caller]
    pub fn exhausted_for(self, time: Duration) -> Self {
        self.set(|settings| settings.exhausted_for = time)
    }

    /// How many idle keys to keep. Default: 1024.
    ///
    /// A key is idle if no call uses it and it is as good as new: its limits are whole, and it was
    /// not throttled in the last hour. A key that is not idle is never forgotten. With more keys
    /// than this each new one lets up to two idle ones go, of those unused for longest.
    #[must_use]
    #[track_caller]
    pub fn max_idle_keys(self, keys: usize) -> Self {
        self.set(|settings| settings.max_idle_keys = keys)
    }

    /// How many keys to keep at most, idle or not. Default: 65,536.
    ///
    /// Where there are so many and none is idle, a new key gets no account of its own. It shares
    /// one with the other keys that came too late and have the same limits, until one can be
    /// forgotten. So no quota is handed out twice because a key was forgotten; newcomers wait
    /// for each other instead.
    #[must_use]
    #[track_caller]
    pub fn max_keys(self, keys: usize) -> Self {
        self.set(|settings| settings.max_keys = keys)
    }

    /// The `name` label of this layer's events and metrics. Default: `"default"`.
    #[must_use]
    #[track_caller]
    pub fn name(self, name: &'static str) -> Self {
        self.set(|settings| settings.telemetry = Telemetry::new(name))
    }

    /// Shares the limits of each key with other processes, through `log`: all of them together stay within them,
    /// take turns, and learn from each other's answers. Default: this process is the only one.
    ///
    /// The [guide](crate::docs::several_processes) says what is shared exactly, and what happens while the log does not
    /// answer. Keys are told apart by their [`Display`](fmt::Display), in all processes that have the log.
    #[cfg(feature = "shared")]
    #[cfg_attr(docsrs, doc(cfg(feature = "shared")))]
    #[must_use]
    #[track_caller]
    pub fn shared(self, log: impl crate::shared::SharedLog) -> Self {
        let shared = crate::shared::SharedBy::new(log);
        self.set(|settings| settings.shared = Some(shared))
    }

    #[track_caller]
    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        self.change(change).expect(
            "`QuotaLayer` is already shared: turn its knobs before taking a handle, a clone or a \
             service of it",
        );
        self
    }

    /// Changes the settings, or `None` if somebody else goes by them.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Settings)) -> Option<()> {
        self.ledger.set(change)
    }
}

#[cfg(feature = "http")]
impl QuotaLayer<crate::HttpCost, MemoryLedger<crate::HttpKey>> {
    /// Paces a client of HTTP: each request is one call, all of them under the same `limits`, and a 429
    /// tells that the server has less. The [guide] has more; [`HttpCost`](crate::HttpCost) tells requests
    /// apart. In a server use [`HttpQuotaLayer`](crate::HttpQuotaLayer).
    ///
    /// [guide]: https://docs.rs/tower-quota/latest/tower_quota/docs/http/
    #[must_use]
    pub fn http(limits: impl LimitsOf<crate::HttpKey> + Send + Sync + 'static) -> Self {
        Self::new(limits, crate::HttpCost::one())
    }
}

impl<C, L> QuotaLayer<C, L> {
    /// Lets `ledger` admit calls that cost what `cost` says. Its settings are its own.
    #[must_use]
    pub fn with_ledger(ledger: L, cost: C) -> Self {
        Self { cost, ledger }
    }

    /// What says what a call costs.
    #[must_use]
    pub fn cost(&self) -> &C {
        &self.cost
    }
}

impl<S, C: Clone, L: Clone> Layer<S> for QuotaLayer<C, L> {
    type Service = Quota<S, C, L>;

    fn layer(&self, inner: S) -> Self::Service {
        Quota::new(inner, self.cost.clone(), self.ledger.clone())
    }
}

impl<C, L: fmt::Debug> fmt::Debug for QuotaLayer<C, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuotaLayer")
            .field("ledger", &self.ledger)
            .finish_non_exhaustive()
    }
}
