use super::places::{BreakerPlace, QuotaPlace};
use crate::{
    policy::TokenCost,
    regions::{Asked, Outlook},
};
use std::{sync::Arc, time::Duration};
use tower_circuit_breaker::Circuits;
use tower_quota::{Handle, LimitSnapshot, Unit};

/// What the circuits and the ledger of a stack know. Where one of them is left out calls are let through.
pub(super) struct StackOutlook {
    circuits: Option<Circuits<Arc<str>>>,
    ledger: Option<(Handle<Arc<str>>, TokenCost)>,
}

impl StackOutlook {
    pub(super) fn of(breaker: &impl BreakerPlace, quota: &impl QuotaPlace) -> Self {
        Self {
            circuits: breaker.circuits(),
            ledger: quota.ledger(),
        }
    }
}

impl Outlook for StackOutlook {
    fn wait(&self, key: &Arc<str>, tokens: u64) -> Duration {
        let Some((quota, cost)) = &self.ledger else {
            return Duration::ZERO;
        };
        let mut wait = quota.wait_for(key, tokens);
        let region = key.split('/').next().unwrap_or_default();
        if let Some(region) = cost.limited(region) {
            wait = wait.max(quota.wait_for(region, tokens));
        }
        match wait {
            Duration::MAX if quota.is_closed() => Duration::ZERO,
            wait => wait,
        }
    }

    fn open_for(&self, key: &Arc<str>) -> Duration {
        let circuits = self.circuits.as_ref();
        circuits.map_or(Duration::ZERO, |circuits| circuits.rejects_for(key))
    }

    fn tokens_per_minute(&self, key: &Arc<str>) -> Option<u64> {
        let (quota, _) = self.ledger.as_ref()?;
        let snapshot = quota.snapshot(key)?;
        let of_tokens = |used: &&LimitSnapshot| used.limit.unit() == Unit::Tokens;
        let limits = snapshot.limits.iter().filter(of_tokens);
        let rates = limits.filter_map(|used| {
            let brings = used.amount? as f64 * used.share;
            Some((brings * 60.0 / used.limit.period().as_secs_f64()) as u64)
        });
        rates.min()
    }

    fn used(&self, key: &Arc<str>) -> u64 {
        let snapshot = self
            .ledger
            .as_ref()
            .and_then(|(quota, _)| quota.snapshot(key));
        snapshot.map_or(0, |of| {
            let part = of.total_used as f64 / of.total_reserved.max(1) as f64;
            of.total_used + (of.pending_tokens as f64 * part) as u64
        })
    }

    fn tokens(&self, region: &Arc<str>, model: &str, asked: &Asked<'_>) -> u64 {
        let cost = self.ledger.as_ref().map(|(_, cost)| cost);
        cost.map_or(0, |cost| cost.would_reserve(region, model, asked))
    }
}
