//! How near fleets come to one process with all the workers, where nothing befalls them.

use std::ops::Range;

use crate::metered::server::Meter;
use crate::plan::{Plan, load, meter};
use crate::rows::Rows;
use crate::table::Row;

/// In the time of one process, by the median.
const TIME: f64 = 1.04;
/// The same on a bucket that holds a minute: some are throttled at its edge that one process would not have sent.
const TIME_AT_EDGE: f64 = 1.08;
/// With any seed. Whether a fixed window's phase is found is luck, for one process too, and worth a tenth.
const NEVER: f64 = 1.15;
/// More throttles for each call than one process has, by the median.
const THROTTLES: f64 = 0.005;
const THROTTLES_AT_EDGE: f64 = 0.015;
/// Calls less than nearly an equal share, for calls are whole, and where a window's worth comes at once each minute one
/// process is ahead by then and another behind.
const SHORT: f64 = 2.0;
/// To the log, for each call that waits: all do.
const COMMANDS: f64 = 3.0;

/// None that anything was tuned with.
fn seeds(meter: &str) -> Range<u64> {
    let lucky = matches!(meter, "fixed" | "60 s");
    7001..if lucky { 7006 } else { 7004 }
}

fn hold(name: &str, meters: &[&str], processes: usize) {
    for meter_name in meters {
        let rows = Rows::measure(seeds(meter_name), |seed| {
            Plan::new(load(name), meter(meter_name), seed).processes(processes)
        });
        let (time, throttles) = match *meter_name {
            "60 s" => (TIME_AT_EDGE, THROTTLES_AT_EDGE),
            _ => (TIME, THROTTLES),
        };
        let broken = rows.broken(&[
            ("time", rows.typical(Row::time) <= time),
            ("never", rows.all(|row| row.time() <= NEVER)),
            ("throttles", rows.typical(Row::more_throttles) <= throttles),
            ("share", rows.typical(|row| row.fleet.calls_short) <= SHORT),
            (
                "commands",
                rows.all(|row| row.fleet.commands_per_ok() <= COMMANDS),
            ),
        ]);
        assert!(
            broken.is_empty(),
            "{name} on {meter_name} by {processes}: {broken:?}\n{rows}"
        );
    }
}

#[test]
fn eight_processes_are_as_fast_as_one_with_a_quota_of_calls() {
    hold("60 RPM", &["10 s", "fixed", "sliding"], 8);
}

#[test]
fn eight_processes_are_as_fast_as_one_with_calls_that_reserve_five_times_more() {
    hold("200k, 5x", &["10 s", "fixed", "sliding"], 8);
}

#[test]
fn eight_processes_are_as_fast_as_one_with_calls_that_reserve_ten_times_more() {
    hold("200k, 10x", &["10 s", "fixed", "sliding"], 8);
}

#[test]
fn eight_processes_are_as_fast_as_one_with_agents() {
    hold("agents 32k", &["10 s", "fixed", "sliding"], 8);
}

#[test]
fn two_processes_are_as_fast_as_one() {
    hold("60 RPM", &["1.5 s", "fixed"], 2);
    hold("200k, 5x", &["60 s", "sliding"], 2);
}

#[test]
fn many_processes_are_as_fast_as_one() {
    hold("60 RPM", &["fixed", "sliding"], 32);
    hold("200k, 5x", &["10 s"], 32);
}

#[test]
fn one_process_with_a_log_is_as_fast_as_one_without() {
    hold("60 RPM", &["sliding"], 1);
    hold("200k, 5x", &["10 s", "fixed"], 1);
}

#[test]
fn the_same_seed_gives_the_same_row() {
    let row = || Row::measure(&Plan::new(load("60 RPM"), Meter::Sliding, 3), false).line();
    assert_eq!(row(), row());
}
