//! The table of quotas, read from TOML: what it says, and how a wrong one is refused.

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
    let quotas = Quotas::from_toml(include_str!("../examples/quotas.toml")).unwrap();
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
fn a_region_of_another_shape_is_refused() {
    for region in [
        "us-east",
        "us-east-1a",
        "US-East-1",
        "useast1",
        "east-1",
        "us--1",
        "-1",
        "\"\"",
    ] {
        let text = format!("[models]\n[regions.{region}.models.m]\ntokens_per_day = 1");
        let name = region.trim_matches('"');
        let expected =
            format!("line 2, column 10: `{name}` is not an AWS Region; write it like us-east-1");
        assert_eq!(refused(&text), expected);
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

#[test]
fn an_unknown_member_is_refused_with_the_nearest_known_one() {
    assert_eq!(
        refused("[models.m]\n  tokens_per_minut = 1"),
        "line 2, column 3: unknown member `tokens_per_minut`; did you mean `tokens_per_minute`?"
    );
    assert_eq!(
        refused("[models.m]\nrpm = 1"),
        "line 2, column 1: unknown member `rpm`; did you mean `requests_per_minute`?"
    );
    assert_eq!(
        refused("[models.m]\nburst = 1"),
        "line 2, column 1: unknown member `burst`; expected `tokens_per_minute`, \
         `requests_per_minute`, `tokens_per_day` or `tokens_burst`"
    );
    assert_eq!(
        refused("[model.m]"),
        "line 1, column 2: unknown member `model`; did you mean `models`?"
    );
    assert_eq!(
        refused("quotas = 1"),
        "line 1, column 1: unknown member `quotas`; expected `models`, \
         `profiles`, `regions` or `tokens_per_day`"
    );
    assert_eq!(
        refused("[regions.us-east-1.\"amazon.nova-micro-v1:0\"]"),
        "line 1, column 20: unknown member `amazon.nova-micro-v1:0`; expected `models` or \
         `tokens_per_day`"
    );
    assert_eq!(
        refused("\"a\\nb\" = 1"),
        "line 1, column 1: unknown member `a\\nb`; expected `models`, \
         `profiles`, `regions` or `tokens_per_day`"
    );
}

#[test]
fn a_limit_that_is_not_a_whole_number_is_refused() {
    for (value, reason) in [
        (
            "-1",
            "`models.m.tokens_per_minute` is negative; write a whole number, 0 or more",
        ),
        (
            "-99999999999999999999",
            "`models.m.tokens_per_minute` is negative; write a whole number, 0 or more",
        ),
        (
            "1.5",
            "`models.m.tokens_per_minute` is not a whole number; write it like 200_000",
        ),
        (
            "1e6",
            "`models.m.tokens_per_minute` is not a whole number; write it like 200_000",
        ),
        (
            "nan",
            "`models.m.tokens_per_minute` is not a whole number; write it like 200_000",
        ),
        (
            "99999999999999999999",
            "`models.m.tokens_per_minute` is too large; the largest number is 9223372036854775807",
        ),
        (
            "\"200\"",
            "`models.m.tokens_per_minute` is a string; write a number without quotes, like 200_000",
        ),
        (
            "true",
            "`models.m.tokens_per_minute` is a boolean; write a whole number like 200_000",
        ),
        (
            "2026-01-01",
            "`models.m.tokens_per_minute` is a date; write a whole number like 200_000",
        ),
        (
            "[1]",
            "`models.m.tokens_per_minute` is a list; write a whole number like 200_000",
        ),
        (
            "{}",
            "`models.m.tokens_per_minute` is a table; write a whole number like 200_000",
        ),
        (
            "200k",
            "`200k` is not a whole number; write it like 200_000",
        ),
    ] {
        assert_eq!(limit(value), format!("line 2, column 21: {reason}"));
    }
    let largest = format!("[models.m]\ntokens_per_day = {}", i64::MAX);
    assert!(Quotas::from_toml(&largest).is_ok());
}

#[test]
fn an_entry_that_is_there_twice_is_refused() {
    assert_eq!(
        refused("[models.m]\ntokens_per_day = 1\ntokens_per_day = 1"),
        "line 3, column 1: `tokens_per_day` is there twice; keep one of them"
    );
    assert_eq!(
        refused("[models.\"a.b\"]\ntokens_per_day = 1\n[models.\"a.b\"]\nrequests_per_minute = 1"),
        "line 3, column 9: `\"a.b\"` is there twice; keep one of them"
    );
}

#[test]
fn a_model_without_a_limit_is_refused() {
    assert_eq!(
        refused("[models.m]\n[models.n]\ntokens_per_day = 1"),
        "line 1, column 9: model `m` has no limit; set `tokens_per_minute`, \
         `requests_per_minute` or `tokens_per_day`, or leave the model out"
    );
}

#[test]
fn an_id_that_no_model_can_have_is_refused() {
    let id = |id: &str| refused(&format!("[models]\n{id} = {{ tokens_per_day = 1 }}"));
    assert_eq!(
        id("\"\""),
        "line 2, column 1: a model id is empty; write it as requests do"
    );
    assert_eq!(
        id("\" m\""),
        "line 2, column 1: model id ` m` has spaces; write it as requests do"
    );
    assert_eq!(
        id("\"m\\u0000\\n\""),
        "line 2, column 1: model id `m\\0\\n` has spaces; write it as requests do"
    );
}

#[test]
fn an_id_without_quotes_is_told_to_have_some() {
    assert_eq!(
        refused("[models.amazon.nova-micro]\ntokens_per_day = 1"),
        "line 1, column 9: put the whole model id in quotes: \"amazon.nova-micro…\""
    );
    assert_eq!(
        refused("[models]\namazon.nova-micro = { tokens_per_day = 1 }"),
        "line 2, column 1: put the whole model id in quotes: \"amazon.nova-micro…\""
    );
    assert_eq!(
        refused("[models]\nm.burst = 1"),
        "line 2, column 3: unknown member `burst`; expected `tokens_per_minute`, \
         `requests_per_minute`, `tokens_per_day` or `tokens_burst`"
    );
    assert_eq!(
        refused("[models.amazon.nova-micro-v1:0]"),
        "line 1, column 29: not TOML: invalid unquoted key, expected letters, numbers, `-`, `_`"
    );
}

#[test]
fn what_is_not_a_table_where_one_belongs_is_refused() {
    for (text, reason) in [
        (
            "models = 1",
            "`models` is a number, where a table is expected",
        ),
        (
            "[[models]]",
            "`models` is a list, where a table is expected",
        ),
        (
            "regions = true",
            "`regions` is a boolean, where a table is expected",
        ),
        (
            "models.m = 200_000",
            "`models.m` is a number, where a table is expected",
        ),
        (
            "regions.us-east-1 = 'x'",
            "`regions.us-east-1` is a string, where a table is expected",
        ),
        (
            "regions = 2026-01-01",
            "`regions` is a date, where a table is expected",
        ),
        (
            "regions.us-east-1.models.m = 2026-01-01",
            "`regions.us-east-1.models.m` is a date, where a table is expected",
        ),
        (
            "regions.us-east-1.models = 2026-01-01",
            "`regions.us-east-1.models` is a date, where a table is expected",
        ),
    ] {
        assert!(refused(text).ends_with(reason), "{}", refused(text));
    }
}

#[test]
fn what_is_not_toml_is_refused_at_its_place() {
    for (text, message) in [
        (
            "[models",
            "line 1, column 8: not TOML: unclosed table, expected `]`",
        ),
        (
            "\n\nx",
            "line 3, column 2: not TOML: key with no value, expected `=`",
        ),
        (
            "[models.m]\ntokens_per_day = 1,000",
            "line 2, column 19: not TOML: unexpected key or value, expected newline, `#`",
        ),
    ] {
        assert_eq!(refused(text), message);
    }
}

#[test]
fn columns_count_characters_and_the_first_mistake_is_told() {
    assert_eq!(
        refused("\u{feff}# ü\n'öé' = 1"),
        "line 2, column 1: unknown member `öé`; expected `models`, \
         `profiles`, `regions` or `tokens_per_day`"
    );
    assert_eq!(
        refused("\u{feff}x = 1"),
        "line 1, column 1: unknown member `x`; expected `models`, \
         `profiles`, `regions` or `tokens_per_day`"
    );
    assert_eq!(
        refused("[models.'ö']\ntokens_per_minute = 1\n[models.a]\nz = 1\na = 1\n[regions]\nx = 1"),
        "line 4, column 1: unknown member `z`; expected `tokens_per_minute`, \
         `requests_per_minute`, `tokens_per_day` or `tokens_burst`"
    );
    assert!(refused("models.'ö' = { x = 1 }").starts_with("line 1, column 16: "));
}

#[test]
fn a_wrong_file_is_named() {
    let file = File::of("wrong.toml", b"[models.m]\ntokens_per_minute = -1\n");
    let error = file.refused();
    let expected = format!(
        "{}:2:21: `models.m.tokens_per_minute` is negative; write a whole number, 0 or more",
        file.0.display()
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.path(), Some(&*file.0));
    assert_eq!((error.line(), error.column()), (Some(2), Some(21)));
    assert!(expected.ends_with(error.reason()));
    assert!(error.source().is_none());
}

#[test]
fn a_file_in_another_encoding_is_refused() {
    let file = File::of("latin1.toml", b"[models.m]\n# \xfcber\n");
    let expected = format!(
        "{}:2:3: not UTF-8; save the file in that encoding",
        file.0.display()
    );
    assert_eq!(file.refused().to_string(), expected);
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    let error = Quotas::from_file("no/such/quotas.toml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "no/such/quotas.toml: cannot be read: No such file or directory (os error 2)"
    );
    assert_eq!((error.line(), error.column()), (None, None));
    assert!(error.source().unwrap().is::<std::io::Error>());
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

#[test]
fn a_wrong_profile_is_refused_with_what_to_write() {
    let arn = "arn:aws:bedrock:us-east-1:1:application-inference-profile/a";
    assert_eq!(
        refused(&format!("[profiles]\n\"a\" = \"{arn}\"\n")),
        format!(
            "line 2, column 7: `{arn}` does not say its model either; write a model id or a \
             system profile's, such as us.anthropic.claude-sonnet-4-5-20250929-v1:0"
        )
    );
    assert_eq!(
        refused(&format!("[profiles]\n\"{arn}\" = 5\n")),
        format!(
            "line 2, column 65: `profiles.{arn}` is a number, where a model id in quotes is expected"
        )
    );
    assert_eq!(
        refused("[profiles]\n\"a\" = us.amazon.nova-lite-v1:0\n"),
        "line 2, column 7: put the whole model id in quotes: \"us.amazon.nova-lite-v1:0…\""
    );
    assert_eq!(
        refused("[profile]\n"),
        "line 1, column 2: unknown member `profile`; did you mean `profiles`?"
    );
}

#[test]
fn a_model_that_is_spelled_twice_is_refused() {
    let arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.m";
    assert_eq!(
        refused(&format!(
            "[models]\n\"{arn}\" = {{ tokens_per_day = 1 }}\n\"us.m\" = {{ tokens_per_day = 2 }}\n"
        )),
        format!("line 3, column 1: `us.m` and `{arn}` are one model; keep one of them")
    );
}
