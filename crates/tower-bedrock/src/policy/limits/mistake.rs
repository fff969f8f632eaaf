//! What is wrong with a file of quotas, in words that say what to write instead.

use super::{
    did_you_mean::did_you_mean,
    error::QuotasError,
    format::{REQUESTS_PER_MINUTE, TOKENS_PER_DAY, TOKENS_PER_MINUTE},
};
use std::ops::Range;
use toml::de::Error;

/// A text that is not TOML.
pub(super) fn syntax(text: &str, error: &Error) -> QuotasError {
    let span = span(text, error);
    let (at, message) = (text.get(span.clone()).unwrap_or_default(), error.message());
    let reason = match message {
        "duplicate key" => format!("`{at}` is there twice; keep one of them"),
        // The parser takes it for a string, which only an id could be.
        _ if message.starts_with("string values must be quoted") && is_id(at) => {
            format!("put the whole model id in quotes: \"{at}…\"")
        }
        // Numbers are all else that it could be.
        _ if message.starts_with("string values must be quoted") && !at.is_empty() => {
            format!("`{at}` is not a whole number; write it like 200_000")
        }
        _ => format!("not TOML: {}", message.replace('\n', ", ")),
    };
    QuotasError::at(text, &span, reason)
}

/// Whether a bare value begins as the id of a model or an ARN does.
fn is_id(value: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_lowercase();
    value.starts_with(is_letter) && value.contains(['.', ':'])
}

/// TOML that is no table of quotas. Serde says what is wrong for a programmer; this says it for
/// whoever wrote the file.
pub(super) fn meaning(text: &str, error: &Error) -> QuotasError {
    let mut span = span(text, error);
    let message = error.message();
    let reason = if message.contains(DATE) {
        of_member(error, "is a date, where a table is expected")
    } else if message.starts_with("is ") {
        of_member(error, message)
    } else if let Some(found) = message.strip_prefix("invalid type: ") {
        let is = match found.split(' ').next() {
            Some("string") => "a string",
            Some("integer" | "floating") => "a number",
            Some("boolean") => "a boolean",
            _ => "a list",
        };
        let expected = match found.ends_with("expected a string") {
            true => "a model id in quotes",
            false => "a table",
        };
        of_member(error, &format!("is {is}, where {expected} is expected"))
    } else if let Some((name, known)) = unknown(message) {
        let in_model = known.contains(&TOKENS_PER_MINUTE);
        let unquoted = unquoted_id(text, &span).filter(|_| in_model);
        match (meant(name, &known), unquoted) {
            (None, Some(id)) => {
                span.start = id.start;
                let id = text[id].escape_debug();
                format!("put the whole model id in quotes: \"{id}…\"")
            }
            (Some(meant), _) => {
                let name = name.escape_debug();
                format!("unknown member `{name}`; did you mean `{meant}`?")
            }
            (None, None) => {
                let (name, known) = (name.escape_debug(), one_of(&known));
                format!("unknown member `{name}`; expected {known}")
            }
        }
    } else {
        message.to_owned()
    };
    QuotasError::at(text, &span, reason)
}

/// The name under which the parser hands a date on, as a table with this one member.
const DATE: &str = "$__toml_private_datetime";

fn span(text: &str, error: &Error) -> Range<usize> {
    error.span().unwrap_or(text.len()..text.len())
}

/// What is said `of` a member, after its name with all that it is in. The error tells that in print
/// alone, and there only where it has no text to show.
fn of_member(error: &Error, said: &str) -> String {
    let mut error = error.clone();
    error.set_input(None);
    let printed = error.to_string();
    let names = printed
        .rsplit_once("\nin `")
        .map(|(_, names)| names.trim_end());
    match names.and_then(|names| names.strip_suffix('`')) {
        Some(names) => format!("`{}` {said}", names.escape_debug()),
        None => format!("this {said}"),
    }
}

/// Out of "unknown field `x`, expected one of `y`, `z`": the name and those that are known.
fn unknown(message: &str) -> Option<(&str, Vec<&str>)> {
    let rest = message.strip_prefix("unknown field `")?;
    let (name, known) = rest.rsplit_once("`, expected ")?;
    Some((name, known.split('`').skip(1).step_by(2).collect()))
}

fn meant<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let short = match name {
        "tpm" => Some(TOKENS_PER_MINUTE),
        "rpm" | "calls_per_minute" => Some(REQUESTS_PER_MINUTE),
        "tpd" => Some(TOKENS_PER_DAY),
        _ => None,
    };
    let short = short.filter(|name| known.contains(name));
    short.or_else(|| did_you_mean(name, known))
}

/// Where the member at `key` is the second part of a model id that wants quotes: the id as far as
/// it goes. Without quotes the dots of an id make a table of each of its parts, so that is a key
/// with a bare one before its dot, and a table.
fn unquoted_id(text: &str, key: &Range<usize>) -> Option<Range<usize>> {
    let before = text.get(..key.start)?.strip_suffix('.')?;
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let start = before.trim_end_matches(bare).len();
    let after = text.get(key.end..)?.trim_start();
    let is_table = match after.strip_prefix('=') {
        Some(value) => value.trim_start().starts_with('{'),
        None => true,
    };
    (start < before.len() && is_table).then_some(start..key.end)
}

fn one_of(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}
