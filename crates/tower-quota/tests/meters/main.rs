//! The layer beside a client that knows the server's meter, its phase and its neighbours.
//!
//! ```text
//! SEEDS=10 cargo test --release -p tower-quota --test meters -- --ignored --nocapture
//! ```
//!
//! prints the whole table. By cell: the oracle's seconds and mean wait; the layer's time in the
//! oracle's, by the median and the worst of the seeds; its mean wait in seconds and in the oracle's;
//! throttles for each call, by the median and the worst, and the most in ten seconds; how long after
//! a neighbour the full rate is back; the most attempts of a call; and what others do, by time and
//! throttles for each call. Below it is what holds of the bounds, and what does not.
//!
//! `CELL=agents` prints the cells with that in their names, `SEED=1000` begins with that seed, and
//! `PEERS=0` leaves out the others.

mod bounds;
mod cell;
#[path = "../metered/mod.rs"]
mod metered;
mod oracle;
mod peers;
mod schedules;
mod table;

use bounds::Bounds;
use cell::{Cell, Who};
use table::Row;

/// The cells of a workload, on the meters with that in their names.
fn cells(workload: &str, meters: &[&str]) -> Vec<Cell> {
    let name = |meter| format!("{workload} on {meter}");
    let names: Vec<String> = meters.iter().map(name).collect();
    let found: Vec<_> = table::cells()
        .filter(|cell| names.contains(&cell.to_string()))
        .collect();
    assert_eq!(found.len(), meters.len(), "{names:?}");
    found
}

const ALL: [&str; 5] = [
    "bucket 1.5 s",
    "bucket 10 s",
    "bucket 60 s",
    "fixed",
    "sliding",
];
const BUCKETS: [&str; 3] = ["bucket 1.5 s", "bucket 10 s", "bucket 60 s"];
const WINDOWS: [&str; 2] = ["fixed", "sliding"];

/// They are as near to the oracle as they have to be.
fn hold(workload: &str, meters: &[&str]) {
    for cell in cells(workload, meters) {
        let by_seed = (0..2).map(|seed| cell.scores(&[Who::Layer], seed));
        let scores: Vec<_> = by_seed.flatten().collect();
        let bounds = Bounds::of(&cell).with_room().or_known_miss(&cell);
        let broken = bounds.broken(&scores);
        assert!(broken.is_empty(), "{cell}: {broken:?} of {scores:#?}");
    }
}

#[test]
fn calls_that_come_to_what_they_reserve_run_at_the_servers_rate() {
    hold("equal, reserve 1 x", &ALL);
    hold("lognormal 1.2, reserve 1 x", &ALL);
}

#[test]
fn calls_that_reserve_more_than_they_use_run_at_the_servers_rate() {
    hold("equal, reserve 2 x", &ALL);
    hold(
        "equal, reserve 5 x",
        &["bucket 10 s", "bucket 60 s", "fixed", "sliding"],
    );
    hold("equal, reserve 10 x", &["bucket 60 s", "sliding"]);
    hold("lognormal 1.2, reserve 5 x", &["bucket 10 s", "fixed"]);
    hold("60 calls in all, reserve 10 x", &WINDOWS);
}

#[test]
fn agents_reserve_much_and_use_little_and_do_not_wait() {
    hold(
        "agents, 32k reserved",
        &["bucket 1.5 s", "bucket 60 s", "fixed", "sliding"],
    );
}

#[test]
fn quotas_of_calls_are_run_at() {
    hold("60 calls", &ALL);
    hold("6 calls", &["bucket 10 s", "sliding"]);
    hold(
        "60 calls and 200k, unit unnamed",
        &["bucket 10 s", "sliding"],
    );
}

#[test]
fn refusals_for_no_reason_do_not_slow_down_many_calls() {
    hold("20k calls, 1 of 400 a stray", &["bucket 10 s", "sliding"]);
}

#[test]
fn bursts_after_idle_minutes_go_at_once_where_the_meter_takes_them() {
    hold("60 calls, bursts of 50", &ALL);
}

#[test]
fn calls_that_come_to_more_than_they_reserve_run_at_the_servers_rate() {
    hold("burndown 5", &BUCKETS);
    hold("burndown 5", &WINDOWS);
}

#[test]
fn a_neighbour_is_given_way_to_and_the_rest_is_used() {
    hold("half to a neighbour", &ALL);
    hold("half to one, reserve 5 x", &["bucket 10 s", "sliding"]);
    hold("all to a neighbour", &["bucket 10 s", "fixed"]);
}

#[test]
fn a_quota_told_nothing_of_is_found() {
    hold("told nothing", &ALL);
    hold("told nothing, reserve 5 x", &["bucket 10 s", "sliding"]);
}

#[test]
fn wrong_numbers_are_seen_through() {
    hold("told 30 % too much", &["bucket 10 s", "sliding"]);
    hold("told a burst of 30 s", &["bucket 1.5 s"]);
}

#[test]
fn the_oracle_takes_what_arithmetic_says() {
    // Ten minutes' quota less what the bucket holds, or from one window's beginning to the last's.
    for (cell, seconds) in [
        ("equal, reserve 1 x on bucket 1.5 s", 598.5..602.0),
        ("equal, reserve 1 x on bucket 60 s", 540.0..544.0),
        ("equal, reserve 1 x on sliding", 600.0..606.0),
        ("equal, reserve 5 x on bucket 10 s", 590.0..603.0),
        ("agents, 32k reserved on bucket 60 s", 50.0..55.0),
    ] {
        let cell = table::cells().find(|one| one.to_string() == cell);
        let score = cell.expect("it is there").scores(&[Who::Layer], 1)[0];
        assert!(seconds.contains(&score.oracle_seconds), "{score:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_table() {
    let line = || {
        let cell = cells("half to a neighbour", &["sliding"]).remove(0);
        Row::measure(cell, &[Who::Layer], 3..4).line()
    };
    assert_eq!(line(), line());
}

#[test]
#[ignore = "takes minutes: SEEDS, SEED, CELL and PEERS say what of"]
fn sweep() {
    let set = |name: &str| std::env::var(name).ok();
    let number = |name, otherwise| set(name).map_or(otherwise, |set| set.parse().expect(name));
    let first: u64 = number("SEED", 0);
    let seeds = first..first + number("SEEDS", 2);
    let part = set("CELL").unwrap_or_default();
    let who: &[Who] = if set("PEERS").as_deref() == Some("0") {
        &[Who::Layer]
    } else {
        &[Who::Layer, Who::Untold, Who::Semaphore, Who::Paced]
    };
    println!("{}", table::head());
    let mut rows = Vec::new();
    for cell in table::cells().filter(|cell| cell.to_string().contains(&part)) {
        let row = Row::measure(cell, who, seeds.clone());
        println!("{}", row.line());
        rows.push(row);
    }
    println!("{}", table::verdict(&rows));
}
