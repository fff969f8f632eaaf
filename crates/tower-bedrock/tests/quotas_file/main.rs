//! The table of quotas, read from TOML: what it says, and how a wrong one is refused.

mod entries;
mod files;

use std::{env, error::Error, fs, path::PathBuf};
use tower_bedrock::policy::{ModelQuota, Quotas, QuotasError};

/// The message of the error that `text` makes.
fn refused(text: &str) -> String {
    let error = Quotas::from_toml(text).expect_err("it is wrong");
    error.to_string()
}

/// The message for a limit of that value, in place.
fn limit(value: &str) -> String {
    refused(&format!("[models.m]\ntokens_per_minute = {value}\n"))
}

/// A file of that content, gone at the end.
struct File(PathBuf);

impl File {
    fn of(name: &str, content: &[u8]) -> Self {
        let path = env::temp_dir().join(format!("tower-bedrock-{}-{name}", std::process::id()));
        fs::write(&path, content).expect("the folder is there");
        Self(path)
    }

    fn refused(&self) -> QuotasError {
        Quotas::from_file(&self.0).expect_err("it is wrong")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

const GOOD: &str = r#"
# Anything may be said of a model in any Region, or in one.
[models."us.anthropic.claude-sonnet-4-5-20250929-v1:0"]
tokens_per_minute = 200_000
requests_per_minute = 200

[regions.eu-west-1.models]
"eu.amazon.nova-micro-v1:0" = { tokens_per_minute = 4_000_000, tokens_per_day = 0x10 }
"none" = { tokens_per_day = 0 }
"#;

#[test]
fn a_file_says_the_same_as_code() {
    let expected = Quotas::new()
        .model(
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            ModelQuota::new()
                .tokens_per_minute(200_000)
                .requests_per_minute(200),
        )
        .model_in(
            "eu-west-1",
            "eu.amazon.nova-micro-v1:0",
            ModelQuota::new()
                .tokens_per_minute(4_000_000)
                .tokens_per_day(16),
        )
        .model_in("eu-west-1", "none", ModelQuota::new().tokens_per_day(0));
    assert_eq!(Quotas::from_toml(GOOD).unwrap(), expected);
    assert_eq!(
        Quotas::from_toml(&GOOD.replace('\n', "\r\n")).unwrap(),
        expected
    );
    let file = File::of("good.toml", GOOD.as_bytes());
    assert_eq!(Quotas::from_file(&file.0).unwrap(), expected);
    assert_eq!(Quotas::from_toml("").unwrap(), Quotas::new());
}

#[test]
fn the_example_says_what_its_comments_say() {
    let quotas = Quotas::from_toml(include_str!("../../examples/quotas.toml")).unwrap();
    let sonnet = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let nova = "eu.amazon.nova-micro-v1:0";
    let general = ModelQuota::new()
        .tokens_per_minute(200_000)
        .requests_per_minute(200);
    assert_eq!(quotas.get("us-east-1", sonnet), Some(general));
    assert_eq!(
        quotas.get("us-west-2", sonnet),
        Some(general.requests_per_minute(4))
    );
    let european = ModelQuota::new()
        .tokens_per_minute(4_000_000)
        .tokens_per_day(1_000_000_000);
    assert_eq!(quotas.get("eu-west-1", nova), Some(european));
    assert_eq!(quotas.get("us-east-1", nova), None);
}

#[test]
fn every_kind_of_region_is_taken() {
    for region in [
        "us-east-1",
        "us-gov-west-1",
        "eusc-de-east-1",
        "ap-southeast-12",
    ] {
        let text = format!("[regions.{region}.models.m]\ntokens_per_day = 1");
        let quotas = Quotas::from_toml(&text).unwrap();
        assert!(quotas.get(region, "m").is_some());
    }
}

#[test]
fn a_burst_is_told_of_the_tokens_and_is_no_limit_by_itself() {
    let quotas = Quotas::from_toml("[models.m]\ntokens_per_minute = 600\ntokens_burst = 50");
    let limit = tower_quota::Limit::tokens_per_minute(600).burst(50);
    let limits = quotas.expect("it is a table").limits("us-east-1", "m");
    assert_eq!(limits, limit.into());
    let error = refused("[models.m]\ntokens_burst = 50");
    assert!(error.contains("model `m` has no limit"), "{error}");
}

mod any_text {
    use super::*;
    use proptest::prelude::*;

    /// Pieces that get past the parser more often than letters drawn by chance.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("[models.m]".to_owned()),
            Just("[regions.us-east-1.models.\"a.b\"]".to_owned()),
            Just("[models.a.b]".to_owned()),
            Just("tokens_per_minute".to_owned()),
            Just("requests_per_minute = 1".to_owned()),
            Just("tokens_per_day = 0xff".to_owned()),
            Just(" = ".to_owned()),
            Just("\n".to_owned()),
            Just("{ x = [1, '🦀'] }".to_owned()),
            "[-0-9_.e]{1,30}",
            "\\PC{0,10}",
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn is_read_or_refused_at_a_place_in_it(text in prop_oneof![any::<String>(), pieces()]) {
            if let Err(error) = Quotas::from_toml(&text) {
                let (line, column) = (error.line().unwrap(), error.column().unwrap());
                prop_assert!((1..=text.matches('\n').count() + 1).contains(&line));
                let there = text.split('\n').nth(line - 1).unwrap();
                prop_assert!((1..=there.chars().count() + 1).contains(&column), "{error}");
                prop_assert!(!error.to_string().contains('\n'), "{error}");
            }
        }

        #[test]
        fn every_table_comes_back(
            entries in proptest::collection::vec(
                ("[a-z][a-z0-9.:/-]{0,20}", 0..=i64::MAX as u64, 0..3, any::<bool>()),
                0..8,
            ),
        ) {
            let mut quotas = Quotas::new();
            let mut written = std::collections::BTreeMap::new();
            for (id, amount, which, regional) in entries {
                let (name, quota) = match which {
                    0 => ("tokens_per_minute", ModelQuota::new().tokens_per_minute(amount)),
                    1 => ("requests_per_minute", ModelQuota::new().requests_per_minute(amount)),
                    _ => ("tokens_per_day", ModelQuota::new().tokens_per_day(amount)),
                };
                let place = if regional { "regions.eu-west-1.models" } else { "models" };
                written.insert(format!("[{place}.\"{id}\"]"), format!("{name} = {amount}"));
                quotas = if regional {
                    quotas.model_in("eu-west-1", id, quota)
                } else {
                    quotas.model(id, quota)
                };
            }
            let lines = written.iter().map(|(head, limit)| format!("{head}\n{limit}\n"));
            let text: String = lines.collect();
            prop_assert_eq!(Quotas::from_toml(&text).unwrap(), quotas);
        }
    }
}

#[test]
fn a_file_says_what_arns_stand_for_and_what_all_models_have() {
    let team = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2";
    let system = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.vendor.model";
    let text = format!(
        r#"
tokens_per_day = 500_000_000

[models."{system}"]
tokens_per_minute = 7

[profiles]
"{team}" = "{system}"
"my-imported-model" = "vendor.model"

[regions.eu-west-1]
tokens_per_day = 10_000_000
"#
    );
    let expected = Quotas::new()
        .tokens_per_day(500_000_000)
        .tokens_per_day_in("eu-west-1", 10_000_000)
        .model("us.vendor.model", ModelQuota::new().tokens_per_minute(7))
        .profile(team, "us.vendor.model")
        .profile("my-imported-model", "vendor.model");
    let read = Quotas::from_toml(&text).expect("it is right");
    assert_eq!(read, expected);
    assert_eq!(
        read.get("us-east-1", team),
        Some(ModelQuota::new().tokens_per_minute(7))
    );
    let code = Quotas::new().merge(read);
    assert_eq!(code, expected);
}
