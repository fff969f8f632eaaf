mod audit;
mod fleet;
mod log;
mod process;

use self::fleet::Fleet;

/// Seeds from the first on: `SCHEDULES=5000 FIRST=100` tries others, and more.
fn seeds() -> std::ops::Range<u64> {
    let from_env = |name| std::env::var(name).ok()?.parse().ok();
    let first = from_env("FIRST").unwrap_or(0);
    first..first + from_env("SCHEDULES").unwrap_or(30)
}

/// Whatever the schedule of processes, and of their ways to a log that is reached: with ways of any length, others
/// that die, answers that are lost now and then, and a clock that is set.
#[test]
fn no_more_calls_begin_than_one_account_would_let() {
    for seed in seeds() {
        println!("seed {seed}");
        let mut fleet = Fleet::new(seed, false);
        fleet.run();
        fleet.is_over();
    }
}

/// The same with times in which one or all do not reach the log: what begins then are parts of the limits.
#[test]
fn what_begins_without_the_log_is_no_more_than_the_parts() {
    for seed in seeds() {
        println!("seed {seed}");
        let mut fleet = Fleet::new(seed, true);
        fleet.run();
        fleet.is_over();
    }
}
