mod audit;
mod fleet;
mod log;
mod process;

use self::fleet::Fleet;
use super::{SECOND, SharedKey};
use crate::account::Account;
use crate::limit::{Amount, Limit};

/// Seeds from the first on: `SCHEDULES=5000 FIRST=100` tries others, and more.
fn seeds() -> std::ops::Range<u64> {
    let from_env = |name| std::env::var(name).ok()?.parse().ok();
    let first = from_env("FIRST").unwrap_or(0);
    first..first + from_env("SCHEDULES").unwrap_or(30)
}

#[test]
fn what_is_confirmed_while_the_log_is_gone_is_not_kept_for_it() {
    let limits = vec![Limit::calls_per_minute(60)];
    let mut account = Account::new(limits.clone(), 0);
    let mut shared = SharedKey::new(1, limits, 0, 0);
    let now = 2 * SECOND;
    shared.lost(&account, now);
    assert!(shared.is_alone());
    let charge = shared.admit(&mut account, now, Amount::call(1));
    shared.confirmed(now, &charge.expect("it goes by the part"));
    assert!(shared.confirmed.is_empty());
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
