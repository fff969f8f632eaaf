//! A key that processes share: what its driver asks, and what it tells.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::super::driver::Driver;
use super::super::sync::lock;
use super::KeyState;
use crate::account::{Account, nanos};
use crate::shared::{Appended, Heard, Loaded, LogError, Next, SharedKey};

impl KeyState {
    /// Shares the account, if the settings say by what.
    pub(crate) fn shared(mut self) -> Self {
        let Some(shared) = &self.settings.shared else {
            return self;
        };
        let now = self.now();
        let mut state = lock(&self.state);
        let gate = &mut state.scheduler.account;
        let exhausted_for = nanos(self.settings.exhausted_for);
        gate.share_by(|limits| SharedKey::new(shared.me, limits, now, exhausted_for));
        drop(state);
        self.driver = Some(Driver::new(shared, Arc::clone(&self.key)));
        self
    }

    /// What is to be done next, and whether to listen to others meanwhile.
    pub(in super::super) fn next(self: &Arc<Self>) -> (Next, bool) {
        let now = self.now();
        let mut state = lock(&self.state);
        let scheduler = &mut state.scheduler;
        let Some((shared, _)) = scheduler.account.shared() else {
            return (Next::Wait(None), false);
        };
        let most = shared.looks_at();
        let wanted = scheduler.wanted(most);
        let shared = scheduler.account.shared();
        shared.map_or((Next::Wait(None), false), |(shared, account)| {
            let next = shared.next(account, now, &wanted);
            (next, shared.hears())
        })
    }

    pub(in super::super) fn loaded(self: &Arc<Self>, sent: u64, loaded: &Loaded) {
        let was_alone = self.change(|shared, account, now| {
            let was_alone = shared.is_alone();
            shared.loaded(account, (sent, now), loaded);
            was_alone
        });
        if was_alone {
            self.settings.telemetry.log_back(&self.key);
        }
    }

    pub(in super::super) fn appended(self: &Arc<Self>, sent: u64, appended: &Appended) {
        self.change(|shared, account, now| {
            shared.appended(account, (sent, now), appended);
            false
        });
    }

    /// What the log tells by itself.
    pub(in super::super) fn heard(self: &Arc<Self>, heard: &Heard) {
        self.change(|shared, account, now| {
            shared.told(account, now, heard);
            false
        });
        if let Some(driver) = &self.driver {
            driver.wake();
        }
    }

    /// The log did not answer, for that reason if one is known.
    pub(in super::super) fn lost(self: &Arc<Self>, why: Option<&LogError>) {
        self.settings.telemetry.log_failed(&self.key, why);
        let is_alone = self.change(|shared, account, now| {
            let was_alone = shared.is_alone();
            shared.lost(account, now);
            shared.is_alone() && !was_alone
        });
        if is_alone {
            self.settings.telemetry.log_gone(&self.key, why);
        }
    }

    fn change(
        self: &Arc<Self>,
        change: impl FnOnce(&mut SharedKey, &mut Account, u64) -> bool,
    ) -> bool {
        let now = self.now();
        let mut state = lock(&self.state);
        let Some((shared, account)) = state.scheduler.account.shared() else {
            return false;
        };
        let changed = change(shared, account, now);
        let refused = shared.was_stopped();
        state.scheduler.told(now, refused);
        self.let_go(state);
        changed
    }

    pub(in super::super) fn patience(&self) -> Duration {
        let mut state = lock(&self.state);
        let shared = state.scheduler.account.shared();
        Duration::from_nanos(shared.map_or(0, |(shared, _)| shared.patience()))
    }

    pub(in super::super) fn instant(&self, at: u64) -> Instant {
        self.epoch + Duration::from_nanos(at)
    }
}
