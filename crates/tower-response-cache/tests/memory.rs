//! A million answers take no more memory than the bound, and the store says how much.

use std::{convert::Infallible, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tower::{Layer, Service, service_fn};
use tower_response_cache::{
    CacheStatus, Keep, Lookup, MemoryStore, Policy, ResponseCacheLayer, StoreSnapshot,
};

const BOUND: u64 = 64_000_000;
const ANSWERS: u64 = 1_000_000;

/// Weighs an answer by its bytes on the heap.
struct Bytes;

impl<E> Policy<u64, Arc<[u8]>, E> for Bytes {
    type Key = u64;
    type Value = Arc<[u8]>;
    type Context = ();

    fn lookup(&self, req: &u64) -> Lookup<u64> {
        Lookup::Use(*req)
    }

    fn context(&self, _: &u64) {}

    fn keep(&self, (): &(), res: &Arc<[u8]>) -> Option<Keep> {
        let counts = 16;
        let weight = res.len() as u64 + counts;
        Some(Keep::new(Duration::from_secs(3600)).weight(weight))
    }

    fn share(&self, res: &Arc<[u8]>) -> Option<Arc<[u8]>> {
        Some(Arc::clone(res))
    }

    fn restore(&self, value: Arc<[u8]>, _: CacheStatus) -> Option<Result<Arc<[u8]>, E>> {
        Some(Ok(value))
    }
}

/// The most memory that the cache takes, and what it holds in the end.
fn most(
    answers: u64,
    length: impl Fn(u64) -> usize + Clone + Send + 'static,
) -> (u64, StoreSnapshot) {
    let mut snapshot = StoreSnapshot::default();
    let memory = allocation_counter::measure(|| {
        let layer = ResponseCacheLayer::with_store(Bytes, MemoryStore::of_bytes(BOUND));
        let mut service = layer.layer(service_fn(move |req: u64| {
            let answer = Arc::<[u8]>::from(vec![0; length(req)]);
            async move { Ok::<_, Infallible>(answer) }
        }));
        for req in 0..answers {
            let answer = service.call(req).now_or_never();
            assert!(answer.is_some_and(|answer| answer.is_ok()));
        }
        snapshot = layer.handle().snapshot().store;
    });
    (memory.bytes_max, snapshot)
}

#[test]
fn million_answers_stay_within_the_bound() {
    let of_any_size = |req: u64| (req.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 53) as usize;
    let tiny = |_| 8;
    for (most, snapshot) in [most(ANSWERS, of_any_size), most(ANSWERS / 4, tiny)] {
        assert!(most < BOUND + BOUND / 5, "{most} bytes, {snapshot:?}");
        // It is put to use, too.
        assert!(most > BOUND / 3, "{most} bytes, {snapshot:?}");
        assert!(
            (BOUND / 10 * 9..=BOUND).contains(&snapshot.weight),
            "{snapshot:?}"
        );
    }
}
