//! A process as the server and the network know it.

use std::time::Duration;

use fastrand::Rng;
use tokio::sync::mpsc::UnboundedSender;
use tower_quota::shared::Heard;

/// What a process has sent, and what was pushed to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) appends: u64,
    /// Appends of nothing.
    pub(crate) asks: u64,
    pub(crate) loads: u64,
    pub(crate) saves: u64,
    pub(crate) pushes: u64,
}

impl Counts {
    pub(crate) fn commands(&self) -> u64 {
        self.appends + self.asks + self.loads + self.saves
    }
}

pub(super) struct Member {
    round_trip: Duration,
    pub(super) cut: bool,
    dead: bool,
    /// How often it has connected: what was asked by an earlier connection has no answer.
    pub(super) connection: u64,
    pub(super) counts: Counts,
    /// Since when it could have an answer again, and when it had one.
    returned: (Option<Duration>, Option<Duration>),
    /// When it had one last.
    pub(super) answered: Duration,
    listeners: Vec<Listener>,
}

/// Pushes come in their order.
struct Listener {
    key: String,
    /// When it is heard.
    heard: UnboundedSender<(Duration, Heard)>,
    last: Duration,
    /// What the server has for it before that is lost: it is not connected.
    from: Duration,
}

impl Member {
    pub(super) fn new(round_trip: Duration) -> Self {
        Self {
            round_trip,
            cut: false,
            dead: false,
            connection: 0,
            counts: Counts::default(),
            returned: (None, None),
            answered: Duration::ZERO,
            listeners: Vec::new(),
        }
    }

    /// How long one way takes this time.
    pub(super) fn way(&self, rng: &mut Rng) -> Duration {
        self.round_trip.mul_f64(0.5 * (0.8 + 0.6 * rng.f64()))
    }

    pub(super) fn is_reached(&self) -> bool {
        !self.cut && !self.dead
    }

    pub(super) fn can_return(&mut self, now: Duration) {
        self.returned = (Some(now), None);
    }

    pub(super) fn has_answer(&mut self, now: Duration) {
        self.answered = now;
        self.returned.1.get_or_insert(now);
    }

    pub(super) fn back(&self) -> f64 {
        match self.returned {
            (Some(from), Some(to)) => to.saturating_sub(from).as_secs_f64(),
            (Some(_), None) => f64::INFINITY,
            (None, _) => 0.0,
        }
    }

    pub(super) fn die(&mut self) {
        self.dead = true;
        self.listeners.clear();
    }

    pub(super) fn listen(
        &mut self,
        key: &str,
        now: Duration,
        heard: UnboundedSender<(Duration, Heard)>,
    ) {
        self.listeners.push(Listener {
            key: key.to_owned(),
            heard,
            last: now,
            from: Duration::MAX,
        });
    }

    /// Pushes as often as `times` says to each of those who listen to `key`.
    pub(super) fn push(
        &mut self,
        now: Duration,
        rng: &mut Rng,
        key: &str,
        heard: &Heard,
        times: impl Fn(&mut Rng) -> usize,
    ) {
        if self.listeners.is_empty() {
            return;
        }
        for _ in 0..times(rng) {
            let way = self.way(rng);
            if self.is_reached() {
                self.listeners
                    .retain_mut(|listener| listener.key != key || listener.push(now, way, heard));
                self.counts.pushes += 1;
            }
        }
    }

    /// Who listens is connected from `now` on, and may have missed something.
    pub(super) fn missed(&mut self, now: Duration, rng: &mut Rng) {
        let way = self.way(rng);
        if self.is_reached() {
            let listeners = &mut self.listeners;
            listeners.retain_mut(|listener| {
                listener.from = now;
                listener.push(now, way, &Heard::Missed)
            });
        }
    }
}

impl Listener {
    /// Says whether it still listens.
    fn push(&mut self, now: Duration, way: Duration, heard: &Heard) -> bool {
        if now < self.from {
            return !self.heard.is_closed();
        }
        self.last = self.last.max(now + way);
        self.heard.send((self.last, heard.clone())).is_ok()
    }
}
