use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::Caller;

/// To each in turn, whatever the others have left.
pub(super) fn caller(regions: Vec<Caller>) -> Caller {
    let next = AtomicUsize::new(0);
    Arc::new(move |call| {
        let turn = next.fetch_add(1, Ordering::Relaxed);
        regions[turn % regions.len()](call)
    })
}
