//! The tables in the docs say of each error what the policies do.

use super::{CachePolicy, CircuitPolicy, RetryPolicy, cost::failed};
use crate::{
    Error, ErrorKind, Request, Response,
    error::codes::{kind_of_answer, kind_of_answer_between},
};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_bedrockruntime::operation::converse::{ConverseInput, ConverseOutput};
use std::{io, num::NonZeroU32, time::Duration};
use tower_quota::Settle;
use tower_response_cache::Policy;

const ERRORS: &str = include_str!("../../docs/errors.md");
const CACHE: &str = include_str!("cache/policy.rs");

type Answer = Response<ConverseOutput>;

/// The rows of the table whose head begins so.
fn rows<'a>(text: &'a str, head: &str) -> Vec<Vec<&'a str>> {
    let lines = text.lines().map(|line| line.trim_start_matches("/// "));
    let cells = lines.map(|line| {
        let cells = line.strip_prefix("| ")?.strip_suffix(" |")?;
        Some(cells.split(" | ").collect::<Vec<_>>())
    });
    let table = cells.skip_while(|cells| cells.as_ref().is_none_or(|cells| cells[0] != head));
    // The rule below the head is no row.
    let rows = table.enumerate().filter(|(line, _)| *line != 1);
    let rows: Vec<_> = rows.map_while(|(_, cells)| cells).skip(1).collect();
    assert!(rows.len() > 3, "the table is there");
    rows
}

fn in_backticks(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn kind(name: &str) -> ErrorKind {
    let found = ErrorKind::all().find(|kind| format!("{kind:?}") == name);
    found.unwrap_or_else(|| panic!("no kind is called {name}"))
}

fn retried(error: Error) -> &'static str {
    use tower_backoff::{Classify, Verdict};
    match RetryPolicy::new().classify(&Err::<Answer, _>(error)) {
        Verdict::Done => "no",
        Verdict::Costly { .. } => "once",
        Verdict::Throttled { .. } | Verdict::Transient { .. } => "yes",
        Verdict::Rejected { .. } => "for 5 seconds in all",
        verdict => panic!("{verdict:?} of an error"),
    }
}

fn circuit(error: Error) -> &'static str {
    use tower_circuit_breaker::{Classify, Verdict};
    match CircuitPolicy::new("us-east-1").classify(&Err::<Answer, _>(error)) {
        Verdict::Throttled { .. } => "no signal",
        Verdict::Failure => "failure",
        Verdict::Ignored => "ignored",
        verdict => panic!("{verdict:?} of an error"),
    }
}

fn quota(error: &Error) -> &'static str {
    match failed(error) {
        Settle::Refund | Settle::Throttled(_) => "given back",
        Settle::Reserved => "as reserved",
        settle => panic!("{settle:?} of an error"),
    }
}

#[test]
fn the_table_of_bedrocks_errors_is_what_the_policies_do() {
    for row in rows(ERRORS, "from Bedrock") {
        let [from, name, retry, opens, charge] = row[..] else {
            unreachable!("it has five cells")
        };
        let kind = kind(name.trim_matches('`'));
        for code in in_backticks(from) {
            let names_the_day = from.contains(&format!("`{code}` that names the day"));
            let message = names_the_day.then_some("Too many tokens per day");
            let read = kind_of_answer(Some(code), message, 400);
            assert_eq!(read, kind, "{code}");
        }
        let words = from.split(|c: char| !c.is_ascii_digit());
        let statuses: Vec<u16> = words.filter_map(|word| word.parse().ok()).collect();
        let plain = Error::new(kind, "for a test");
        let mut errors = vec![];
        for status in statuses {
            assert_eq!(kind_of_answer(None, None, status), kind, "{status}");
            errors.push(plain.clone().with_status(status));
        }
        if errors.is_empty() {
            errors.push(match from {
                _ if from.contains("credentials whose") => {
                    plain.with_source(CredentialsError::provider_error("503"))
                }
                _ if from.contains("the SDK's own timeout") => {
                    plain.with_source(io::Error::from(io::ErrorKind::TimedOut))
                }
                // It has the status of the answer.
                _ if from.contains("breaks off") => plain.with_status(200),
                _ => plain,
            });
        }
        for error in errors {
            assert_eq!(quota(&error), charge, "{from}");
            assert_eq!(circuit(error.clone()), opens, "{from}");
            assert_eq!(retried(error), retry, "{from}");
        }
    }
}

#[test]
fn the_table_of_what_is_not_bedrocks_is_how_it_is_read() {
    for row in rows(ERRORS, "from something in between") {
        let words = row[0].split(|c: char| !c.is_ascii_digit());
        for status in words.filter_map(|word| word.parse().ok()) {
            let read = kind_of_answer_between(status);
            assert_eq!(read, kind(row[1].trim_matches('`')), "{row:?}");
            let error = Error::new(read, "for a test").with_status(status);
            assert_eq!(retried(error), row[2], "{row:?}");
        }
    }
}

#[test]
fn the_table_of_the_layers_errors_is_what_retries_do() {
    for row in rows(ERRORS, "from a layer") {
        let error = Error::new(kind(row[1].trim_matches('`')), "for a test");
        assert_eq!(retried(error), row[2], "{row:?}");
    }
}

#[test]
fn the_servers_hint_counts_in_full_and_an_estimate_of_ours_up_to_a_minute() {
    use tower_backoff::{Classify, Verdict};
    let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
    let throttled = |retry_after| Verdict::Throttled { retry_after };
    let verdict = |error| RetryPolicy::new().classify(&Err::<Answer, _>(error));
    let error = Error::new(ErrorKind::Throttled, "for a test");
    assert_eq!(verdict(error.clone()), throttled(None));
    let mut hinted = error.clone().with_retry_after(hour);
    hinted.suggest_retry_after(minute);
    assert_eq!(verdict(hinted), throttled(Some(hour)));
    for (estimate, wait) in [(hour, minute), (minute / 2, minute / 2)] {
        let mut suggested = error.clone();
        suggested.suggest_retry_after(estimate);
        assert_eq!(suggested.retry_after(), Some(estimate));
        assert_eq!(verdict(suggested), throttled(Some(wait)));
    }
}

#[test]
fn what_the_model_had_begun_is_made_once_more() {
    let transient = Error::new(ErrorKind::Transient, "for a test");
    // An answer that broke off came with a status of success.
    for (status, retry) in [(200, "once"), (424, "once"), (500, "yes"), (502, "yes")] {
        let error = transient.clone().with_status(status);
        assert_eq!(retried(error), retry, "{status}");
    }
    assert_eq!(retried(transient), "yes");
}

#[test]
fn the_table_of_shared_errors_is_what_the_cache_does() {
    let policy = CachePolicy::new("us-east-1", Duration::ZERO);
    let request = || Request::new(ConverseInput::builder().build().unwrap());
    let context = |request| Policy::<_, Answer, _>::context(&policy, &request);
    let (plain, limited) = (
        context(request()),
        context(request().max_attempts(NonZeroU32::MIN)),
    );
    let mut listed = vec![];
    for row in rows(CACHE, "[`ErrorKind`](crate::ErrorKind)") {
        for name in in_backticks(row[0]) {
            let error = Error::new(kind(name), "for a test");
            let shared = |asked| {
                let answer = Policy::<Request<ConverseInput>, Answer, _>::share_error(
                    &policy, asked, &error,
                );
                answer.is_some()
            };
            let whose = match row[1] {
                "yes" => (true, true),
                "unless the caller set limits of its own" => (true, false),
                other => panic!("what is {other}?"),
            };
            assert_eq!((shared(&plain), shared(&limited)), whose, "{name}");
            let stale = Policy::<Request<ConverseInput>, Answer, _>::stale_if_error(
                &policy, &plain, &error,
            );
            assert_eq!(stale, row[2] == "yes", "{name}");
            listed.push(error.kind());
        }
    }
    assert!(
        ErrorKind::all().all(|kind| listed.contains(&kind)),
        "{listed:?}"
    );
}

#[test]
fn every_kind_has_its_row() {
    for kind in ErrorKind::all() {
        assert!(ERRORS.contains(&format!("| `{kind:?}` |")), "{kind:?}");
    }
}
