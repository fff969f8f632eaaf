//! Where the SDK's own source is, for tests that ask it what there is.

use serde_json::Value;
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder `src` of the SDK's client, as cargo knows it.
#[allow(dead_code, reason = "each test program uses a part of it")]
pub(crate) fn folder() -> PathBuf {
    of("aws-sdk-bedrockruntime")
}

/// The folder `src` of one of the SDK's crates.
pub(crate) fn of(name: &str) -> PathBuf {
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let metadata = cargo(&[
        "metadata",
        "--format-version=1",
        "--filter-platform",
        host.expect("cargo tells its host"),
        "--manifest-path",
        manifest,
    ]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo writes JSON");
    let packages = metadata["packages"]
        .as_array()
        .expect("packages are a list");
    let sdk = packages
        .iter()
        .find(|package| package["name"] == name)
        .expect("the SDK is a dependency");
    let manifest = sdk["manifest_path"].as_str().expect("a path is text");
    Path::new(manifest).with_file_name("src")
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).output();
    let output = output.expect("cargo runs");
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {problem}");
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}
