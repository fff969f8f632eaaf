//! Which keys are asked for, one after the other.

use fastrand::Rng;

pub(crate) const CAPACITY: u64 = 10_000;
const REQUESTS: usize = 1_000_000;

pub(crate) struct Trace {
    pub(crate) name: &'static str,
    pub(crate) keys: Vec<u64>,
}

pub(crate) fn all() -> Vec<Trace> {
    let mut random = Rng::with_seed(7);
    let trace = |name, keys| Trace { name, keys };
    vec![
        trace("in turn, 1.25 × the bound", in_turn(CAPACITY / 4 * 5)),
        trace("in turn, 2 × the bound", in_turn(CAPACITY * 2)),
        trace("random, 2 × the bound", uniform(&mut random, CAPACITY * 2)),
        trace("Zipf 0.8", zipf(&mut random, 0.8)),
        trace("Zipf 1.0", zipf(&mut random, 1.0)),
        trace("Zipf 1.0, shifting", shifting(zipf(&mut random, 1.0))),
        trace(
            "Zipf 1.0 between scans",
            with_scans(&zipf(&mut random, 1.0)),
        ),
    ]
}

fn in_turn(keys: u64) -> Vec<u64> {
    (0..keys).cycle().take(REQUESTS).collect()
}

fn uniform(random: &mut Rng, keys: u64) -> Vec<u64> {
    (0..REQUESTS).map(|_| random.u64(0..keys)).collect()
}

/// Of 20 keys for each that fits, the one of rank n is asked for in proportion to n to the power of
/// `-exponent`.
fn zipf(random: &mut Rng, exponent: f64) -> Vec<u64> {
    let mut sum = 0.0;
    let sums: Vec<f64> = (1..=CAPACITY * 20)
        .map(|rank| {
            sum += (rank as f64).powf(-exponent);
            sum
        })
        .collect();
    let rank = |_| {
        let at = random.f64() * sum;
        sums.partition_point(|below| *below < at) as u64
    };
    (0..REQUESTS).map(rank).collect()
}

/// Each 100,000 requests the ranks go to other keys, by half of the bound.
fn shifting(keys: Vec<u64>) -> Vec<u64> {
    let shifted = keys.into_iter().enumerate();
    let shifted = shifted.map(|(at, key)| key + (at / 100_000) as u64 * CAPACITY / 2);
    shifted.collect()
}

/// After each 50,000 requests come 20,000 for keys that nobody asks for again.
fn with_scans(keys: &[u64]) -> Vec<u64> {
    let mut fresh = 1 << 32..;
    let chunks = keys.chunks(50_000);
    let with = chunks.flat_map(|chunk| {
        let scan: Vec<u64> = fresh.by_ref().take(20_000).collect();
        chunk.iter().copied().chain(scan)
    });
    with.collect()
}
