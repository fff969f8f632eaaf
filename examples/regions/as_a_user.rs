//! The example, started as a user would.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use serde_json::Value;
use std::{
    env,
    process::{Command, Output},
};

/// Cargo builds the examples with the tests, beside the folder of these.
fn regions(flags: &str) -> Output {
    let test = env::current_exe().unwrap();
    let built = test.ancestors().nth(2).unwrap();
    let example = built
        .join("examples/regions")
        .with_extension(env::consts::EXE_EXTENSION);
    let output = Command::new(&example)
        .args(flags.split_whitespace())
        .output();
    output.unwrap_or_else(|why| {
        let example = example.display();
        panic!("{example}: {why}; `cargo build --workspace --examples` makes it")
    })
}

#[test]
fn nothing_is_lost_while_a_region_is_down_and_the_other_takes_over() {
    let output = regions("--calls 120 --rpm 1200 --json");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("us-east-1 answers 503"), "{told}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["ok"], &report["failed"]), (&120.into(), &0.into()));
    let answers = |region: usize, phase: &str| report["regions"][region][phase].as_u64().unwrap();
    assert_eq!(report["regions"][1]["name"], "us-west-2");
    assert!(answers(0, "before") > answers(1, "before"), "{report}");
    // Those that were under way may still be answered.
    assert!(answers(1, "down") > 2 * answers(0, "down"), "{report}");
}

#[test]
fn the_table_has_a_row_for_each_region() {
    let output = regions("--calls 12 --rpm 6000 --regions us-east-1 us-east-2 us-west-2");
    assert!(output.status.success());
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.starts_with("12 answers, 0 calls lost"), "{table}");
    for name in ["us-east-1", "us-east-2", "us-west-2"] {
        assert!(
            table
                .lines()
                .any(|line| line.starts_with(&format!("{name} "))),
            "{table}"
        );
    }
}
