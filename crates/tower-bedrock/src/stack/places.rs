//! What each place of a stack shows, with a layer in it or without. Sealed, as nobody outside can name
//! these traits.

use super::{
    BreakerLayer, CacheLayer, Off, TokenQuotaLayer,
    model_snapshot::{ModelSnapshot, Rows},
};
use crate::policy::TokenCost;
use std::sync::Arc;
use tower_circuit_breaker::Circuits;
use tower_quota::Handle;
use tower_response_cache::Snapshot as CacheSnapshot;

/// Where the cache is.
pub trait CachePlace: Clone {
    fn show(&self) -> Option<CacheSnapshot>;

    /// Whether there is a store that processes share.
    fn has_remote(&self) -> bool;
}

impl CachePlace for CacheLayer {
    fn show(&self) -> Option<CacheSnapshot> {
        Some(self.handle().snapshot())
    }

    fn has_remote(&self) -> bool {
        self.has_remote()
    }
}

impl CachePlace for Off {
    fn show(&self) -> Option<CacheSnapshot> {
        None
    }

    fn has_remote(&self) -> bool {
        false
    }
}

/// Where the circuit breaker is.
pub trait BreakerPlace: Clone {
    fn show(&self, rows: &mut Rows);

    /// The circuits, if there are any.
    fn circuits(&self) -> Option<Circuits<Arc<str>>>;
}

impl BreakerPlace for BreakerLayer {
    fn show(&self, rows: &mut Rows) {
        let circuits = self.circuits();
        for key in circuits.keys() {
            let circuit = circuits.handle(&key).snapshot();
            row(rows, &key).circuit = Some(circuit);
        }
    }

    fn circuits(&self) -> Option<Circuits<Arc<str>>> {
        Some(self.circuits())
    }
}

impl BreakerPlace for Off {
    fn show(&self, _: &mut Rows) {}

    fn circuits(&self) -> Option<Circuits<Arc<str>>> {
        None
    }
}

/// Where the quota is.
pub trait QuotaPlace: Clone {
    fn show(&self, rows: &mut Rows);

    fn is_closed(&self) -> bool;

    /// What is used, and what calls cost, if anybody knows.
    fn ledger(&self) -> Option<(Handle<Arc<str>>, TokenCost)>;
}

impl QuotaPlace for TokenQuotaLayer {
    fn show(&self, rows: &mut Rows) {
        let quota = self.handle();
        for key in quota.keys() {
            row(rows, &key).quota = quota.snapshot(&key);
        }
        let monitor = self.cost().monitor();
        for key in monitor.keys() {
            row(rows, &key).tokens = monitor.snapshot(&key);
        }
    }

    fn is_closed(&self) -> bool {
        self.handle().is_closed()
    }

    fn ledger(&self) -> Option<(Handle<Arc<str>>, TokenCost)> {
        Some((self.handle(), self.cost().clone()))
    }
}

impl QuotaPlace for Off {
    fn show(&self, _: &mut Rows) {}

    fn is_closed(&self) -> bool {
        false
    }

    fn ledger(&self) -> Option<(Handle<Arc<str>>, TokenCost)> {
        None
    }
}

fn row<'a>(rows: &'a mut Rows, key: &Arc<str>) -> &'a mut ModelSnapshot {
    let make = || ModelSnapshot::new(Arc::clone(key));
    rows.entry(Arc::clone(key)).or_insert_with(make)
}
