//! How many requests a store answers, and how much memory it takes for its bound.

mod heap;
mod hits;
mod peer;
mod trace;

use std::process::ExitCode;

/// A store of ours may answer this share of requests less than moka.
const MARGIN: f64 = 0.05;
/// And take this much more memory than its bound.
const MOST_HEAP: f64 = 1.2;

fn main() -> ExitCode {
    let mut holds = true;
    println!("| requests | ours | moka | tower-resilience |\n|---|--:|--:|--:|");
    for (row, peer) in hits::rows() {
        let Row { name, ours, moka } = row;
        println!("| {name} | {ours:.3} | {moka:.3} | {peer:.3} |");
        holds &= row.ours >= row.moka - MARGIN;
    }
    println!("\n| values | ours | moka |\n|---|--:|--:|");
    for row in heap::rows() {
        println!("| {} | {:.2} | {:.2} |", row.name, row.ours, row.moka);
        holds &= row.ours <= MOST_HEAP;
    }
    if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What was measured of both.
struct Row {
    name: &'static str,
    ours: f64,
    moka: f64,
}
