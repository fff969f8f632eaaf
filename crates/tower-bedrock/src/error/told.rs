//! What is passed on of texts that others wrote: nothing that holds a request, and not at length.

use super::chain::{Cause, chain};
use std::borrow::Cow;

/// A sentence or two are enough to say what is wrong.
const LONGEST: usize = 500;

/// A field, a model or a number is quoted in less; a prompt seldom is.
const LONGEST_QUOTE: usize = 48;

/// Where a text begins to show a whole request or response, as `Debug` does. The SDK says so of an
/// endpoint that it cannot use; an HTTP client of the user's own may.
const SHOWS_ALL: [&str; 4] = [" to request `", "Request {", "Response {", "SdkBody"];

/// The texts of an error and of what caused it, without the requests that they show.
pub(super) fn texts(error: Cause<'_>) -> String {
    let links: Vec<String> = chain(error).map(|cause| one(&cause.to_string())).collect();
    links.join(": ")
}

fn one(text: &str) -> String {
    let end = SHOWS_ALL.iter().filter_map(|shows| text.find(shows)).min();
    let text = end.map_or(text, |end| &text[..end]);
    // What is quoted up to there is an endpoint, which a reader needs.
    let text = match end {
        Some(_) => Cow::Owned(text.replace('`', "")),
        None => Cow::Borrowed(text),
    };
    shortened(&text, LONGEST)
}

/// A message as it may be logged: one line that ends with no full stop, and in which long quotes
/// stand as `…`.
pub(super) fn line(message: &str) -> String {
    let line = shortened(&without_quotes(message), LONGEST);
    line.trim_end_matches('.').to_owned()
}

/// On one line, and not longer than that.
pub(super) fn shortened(text: &str, longest: usize) -> String {
    let mut line: String = text
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(longest)
        .collect();
    if text.trim().chars().nth(longest).is_some() {
        line.push('…');
    }
    line
}

/// Bedrock's validation quotes the values that it refuses, and such a value may be a prompt.
fn without_quotes(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, quote, value, after)) = next_quote(rest) {
        let refused = before.ends_with("Value ") || before.ends_with("value ");
        kept.push_str(before);
        kept.push(quote);
        kept.push_str(if refused || value.chars().nth(LONGEST_QUOTE).is_some() {
            "…"
        } else {
            value
        });
        kept.push(quote);
        rest = after;
    }
    kept + rest
}

/// What comes before the next quote, its mark, what stands in it, and what comes after. One that is
/// not closed goes up to the end.
fn next_quote(text: &str) -> Option<(&str, char, &str, &str)> {
    let mut last = ' ';
    for (at, mark) in text.char_indices() {
        // An apostrophe has a letter before it.
        if matches!(mark, '\'' | '"' | '`') && !last.is_alphanumeric() {
            let (before, inside) = (&text[..at], &text[at + 1..]);
            let (value, after) = close(before, mark, inside).unwrap_or((inside, ""));
            return Some((before, mark, value, after));
        }
        last = mark;
    }
    None
}

fn close<'a>(before: &str, mark: char, inside: &'a str) -> Option<(&'a str, &'a str)> {
    // A value with marks of its own ends where the name of its field begins.
    if mark == '\'' && before.ends_with("alue ") {
        let end = inside.rfind("' at '")?;
        return Some((&inside[..end], &inside[end + 1..]));
    }
    let ends = |(at, _): &(usize, &str)| {
        let next = inside[at + 1..].chars().next();
        !next.is_some_and(char::is_alphanumeric)
    };
    let (end, _) = inside.match_indices(mark).find(ends)?;
    Some((&inside[..end], &inside[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_quoted_at_length_or_refused_is_left_out() {
        let long = "x".repeat(60);
        for (said, told) in [
            ("Slow down, please.", "Slow down, please"),
            (
                "the model's quota isn't yours",
                "the model's quota isn't yours",
            ),
            ("extraneous key [a] at \"b\"", "extraneous key [a] at \"b\""),
            (
                "1 validation error detected: Value 'it's \"so\"' at 'messages.1.member' failed",
                "1 validation error detected: Value '…' at 'messages.1.member' failed",
            ),
            ("Value 'never closed", "Value '…'"),
            (&format!("not `{long}` but 'b'"), "not `…` but 'b'"),
            (&format!("not \"{long}"), "not \"…\""),
            ("two\nlines\u{1b}[2J", "two lines [2J"),
        ] {
            assert_eq!(line(said), told);
        }
    }

    #[test]
    fn a_request_that_is_shown_is_cut_off() {
        let text = "failed to apply endpoint `ht!tp://a` to request `Request { body: hello }`";
        assert_eq!(one(text), "failed to apply endpoint ht!tp://a");
        assert_eq!(one("sent HttpRequest { .. }"), "sent Http");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_line_is_short(text in "([ 'a-c\"`.é\n]|Value |' at '){0,700}") {
            let told = line(&text);
            prop_assert!(told.chars().count() <= LONGEST + 1);
            prop_assert!(!told.contains('\n'));
        }
    }
}
