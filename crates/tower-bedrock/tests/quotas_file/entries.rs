//! Entries that no account can have.

use super::*;

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
