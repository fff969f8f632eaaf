//! A real axum router with a quota for each caller, and a stream of callers that it has never seen:
//!
//! ```text
//! cargo bench -p tower-quota --features http --bench router -- --json
//! ```
//!
//! Up to a million keys come once each, in requests through the router and through the layer alone: what a
//! call costs, the worst one, what a key takes up, and what another thread sees whose one key is in
//! use all the time. `--keys 1000` takes that many only; `--json` prints one JSON object.

mod flood;
mod hot_key;
mod numbers;
mod server;

use numbers::{Row, rss};
use server::{Kind, server};
use tower_quota::{HttpQuotaLayer, Limit};

/// Room for all keys; and the default.
const BOUNDS: [usize; 2] = [1 << 20, 1 << 16];

fn layer(max_keys: usize) -> HttpQuotaLayer {
    // Nobody is rejected: that costs less.
    HttpQuotaLayer::by_header(Limit::calls_per_minute(1 << 40), server::KEY).max_keys(max_keys)
}

fn row(kind: Kind, keys: u64, max_keys: usize) -> Row {
    let before = rss();
    let layer = layer(max_keys);
    let (mut flooding, mut hot) = (server(kind, &layer), server(kind, &layer));
    // The hot key has its place before the flood begins.
    hot(server::request(u64::MAX));
    let alone = hot_key::alone(&mut hot);
    let (flood, beside) = std::thread::scope(|scope| {
        let other = hot_key::until_stopped(scope, hot);
        let flood = flood::run(&mut flooding, keys);
        (flood, other())
    });
    let remembered = layer.handle().keys().len();
    Row {
        kind,
        keys,
        max_keys,
        remembered,
        flood,
        alone,
        beside,
        rss: rss().saturating_sub(before),
    }
}

fn main() {
    let args: Vec<_> = std::env::args().collect();
    let json = args.iter().any(|arg| arg == "--json");
    let only = args.iter().position(|arg| arg == "--keys");
    let only = only.map(|at| args[at + 1].parse().expect("a number of keys"));
    let all = match only {
        Some(keys) => vec![keys],
        None => vec![1_000, 20_000, 100_000, 1_000_000],
    };
    let mut rows = Vec::new();
    if !json {
        numbers::print_head();
    }
    for kind in [Kind::Bare, Kind::Layer, Kind::Router] {
        for max_keys in BOUNDS {
            for keys in &all {
                // Without the layer there is no bound.
                if kind != Kind::Bare || (max_keys == BOUNDS[0] && Some(keys) == all.first()) {
                    let row = row(kind, *keys, max_keys);
                    if !json {
                        numbers::print(&row);
                    }
                    rows.push(row);
                }
            }
        }
    }
    if json {
        println!("{}", numbers::to_json(&rows));
    }
}
