//! What is passed on of texts that others wrote: nothing that holds a request, and not at length.

use super::{
    chain::{Cause, chain},
    secrets::without_secrets,
};
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
    let shows_all = SHOWS_ALL.iter().filter_map(|shows| text.find(shows));
    let end = shows_all.chain(begin_of_data(text)).min();
    let text = end.map_or(text, |end| &text[..end]);
    // What is quoted up to there is an endpoint, which a reader needs.
    let text = match end {
        Some(_) => Cow::Owned(text.replace('`', "")),
        None => Cow::Borrowed(text),
    };
    shortened(&without_secrets(&text), LONGEST)
}

/// Where a text begins to show a value, as `Debug` does, or JSON: what an interceptor or a provider of
/// the user's own had before it.
fn begin_of_data(text: &str) -> Option<usize> {
    let begin = |(at, brace): (usize, &str)| {
        let (before, inside) = (&text[..at], text[at + 1..].trim_start());
        let named = before.strip_suffix(' ').unwrap_or(before);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = &named[named.trim_end_matches(is_name).len()..];
        let is_type = name.starts_with(|c: char| c.is_ascii_uppercase());
        let is_value = match brace {
            // An error of the operating system's has a number and its words.
            "{" => (is_type && name != "Os") || inside.starts_with('"'),
            _ => is_type && inside.starts_with('"'),
        };
        is_value.then(|| {
            if is_type {
                named.len() - name.len()
            } else {
                at
            }
        })
    };
    text.match_indices(['{', '(']).find_map(begin)
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

const AT: &str = "' at '";

/// Whether a text begins as what a validation says of a value.
fn names_a_field(text: &str) -> bool {
    let is_field = |c: char| c.is_ascii_alphanumeric() || "._[]-".contains(c);
    let rest = text.trim_start_matches(is_field);
    rest.len() < text.len() && rest.starts_with("' failed to satisfy constraint")
}

fn close<'a>(before: &str, mark: char, inside: &'a str) -> Option<(&'a str, &'a str)> {
    // A value with marks of its own ends where the name of its field begins.
    if mark == '\'' && before.ends_with("alue ") {
        let mut ends = inside.match_indices(AT).map(|(at, _)| at);
        let end = ends.find(|at| names_a_field(&inside[at + AT.len()..]));
        let end = end.or_else(|| inside.rfind(AT))?;
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
    fn a_text_ends_where_it_begins_to_show_data() {
        for (said, told) in [
            ("cannot send Request { uri: a", "cannot send"),
            ("refused ConverseInput { model_id: Some(", "refused"),
            ("refused [Text(\"secret", "refused ["),
            ("bad answer {\"SecretAccessKey\"", "bad answer"),
            ("bad answer {\n  \"a\": 1", "bad answer"),
            ("Os { code: 111 }", "Os { code: 111 }"),
            ("the set {a, b} of (c)", "the set {a, b} of (c)"),
            ("token=abc is no token", "token=… is no token"),
        ] {
            assert_eq!(one(said), told);
        }
    }

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
            (
                "Value 'a' at 'b' or ' at 'c' failed to satisfy constraint: x; Value 'd' at 'e' failed",
                "Value '…' at 'c' failed to satisfy constraint: x; Value '…' at 'e' failed",
            ),
            (&format!("not `{long}` but 'b'"), "not `…` but 'b'"),
            (&format!("not \"{long}"), "not \"…\""),
            ("two\nlines\u{1b}[2J", "two lines [2J"),
        ] {
            assert_eq!(line(said), told);
        }
    }

    /// Bedrock's own messages, of the kinds that people ask about in public.
    #[test]
    fn what_a_person_acts_on_is_kept() {
        let limit = "2 validation errors detected: Value '…' at 'inferenceConfig.maxTokens' failed to \
            satisfy constraint: Member must be less than or equal to 4096; Value '…' at 'modelId' failed \
            to satisfy constraint: Member must satisfy regular expression pattern: (…)";
        for said in [
            limit,
            "The provided model identifier is invalid",
            "The provided model identifier 'anthropic.claude-3-5-sonnet-20240620-v1:0' is invalid",
            "Invocation of model ID anthropic.claude-3-5-haiku-20241022-v1:0 with on-demand throughput \
             isn't supported. Retry your request with the ID or ARN of an inference profile that contains \
             this model",
            "Too many tokens per day, please wait before trying again",
            "You don't have access to the model with the specified model ID",
            "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: bedrock:InvokeModel on \
             resource: arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0 because no \
             identity-based policy allows the bedrock:InvokeModel action",
            "messages: roles must alternate between \"user\" and \"assistant\", but found multiple \"user\" \
             roles in a row",
            "messages.1.content.0: `tool_use` ids were found without `tool_result` blocks immediately \
             after: toolu_bdrk_01ABC. Each `tool_use` block must have a corresponding `tool_result` block \
             in the next message",
            "messages.2.content.0.type: Input tag 'image_url' found using 'type' does not match any of the \
             expected tags: 'text', 'image'",
            "prompt is too long: 215694 tokens > 200000 maximum",
            "Malformed input request: #/messages/0/content: expected type: String, found: Null, please \
             reformat your input and try again",
            "Malformed input request: extraneous key [max_tokens] is not permitted, please reformat your \
             input and try again",
            "max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens",
            "This model doesn't support the toolConfig.toolChoice.any field. Remove \
             toolConfig.toolChoice.any and try again",
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one",
            "The text field in the ContentBlock object at messages.0.content.0 is blank. Add text to the \
             text field, and try again",
            "A conversation must start with a user message. Try again with a conversation that starts \
             with a user message",
            "The model returned the following errors: messages: text content blocks must be non-empty",
            "The security token included in the request is expired",
            "Model use case details have not been submitted for this account. Fill out the Anthropic use \
             case details form before using the model",
        ] {
            assert_eq!(line(said), said);
        }
    }

    #[test]
    fn a_request_that_is_shown_is_cut_off() {
        let text = "failed to apply endpoint `ht!tp://a` to request `Request { body: hello }`";
        assert_eq!(one(text), "failed to apply endpoint ht!tp://a");
        assert_eq!(one("sent HttpRequest { .. }"), "sent");
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
