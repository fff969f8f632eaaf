//! One text for every spelling of a request.

use super::json::{self, Form};
use crate::{model_id::one_name, operation::Operation};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

/// Headers that say nothing of the answer: what Bedrock only logs about a request, and the length of
/// a body, which the canonical body may not have.
const UNREAD_HEADERS: [&str; 2] = ["x-amzn-bedrock-request-metadata", "content-length"];

/// Writes method, path and headers, without those that are unread or named in `without`. The path has
/// the one name of `model_id`, which the request spells in one way or another.
///
/// None of the parts can have a line break in it, so the lines cannot run together.
pub(crate) fn head(
    request: &HttpRequest,
    model_id: Option<&str>,
    without: &[Box<str>],
    text: &mut Vec<u8>,
) {
    let mut headers: Vec<_> = request
        .headers()
        .iter_bytes()
        .filter(|(name, _)| {
            let is = |other: &str| name.eq_ignore_ascii_case(other);
            !UNREAD_HEADERS.into_iter().any(is) && !without.iter().any(|other| is(other))
        })
        .collect();
    // Their order means nothing in HTTP.
    headers.sort_unstable();
    let (before, path) = path(request.uri(), model_id);
    for part in [request.method(), " ", before, path, "\n"] {
        text.extend_from_slice(part.as_bytes());
    }
    for (name, value) in headers {
        for part in [name.as_bytes(), b": ", value, b"\n"] {
            text.extend_from_slice(part);
        }
    }
    text.push(b'\n');
}

/// The path in two parts, with the one name of its model between what stands before and after it.
fn path<'a>(uri: &'a str, model_id: Option<&str>) -> (&'a str, &'a str) {
    const BEFORE: &str = "/model/";
    let spelled = model_id.map_or(0, |id| id.len() - one_name(id).len());
    match uri.strip_prefix(BEFORE) {
        Some(rest) if spelled > 0 => (BEFORE, after_encoded(rest, spelled)),
        _ => (uri, ""),
    }
}

/// What follows after so many bytes that are percent-encoded.
fn after_encoded(mut text: &str, bytes: usize) -> &str {
    for _ in 0..bytes {
        let length = if text.starts_with('%') { 3 } else { 1 };
        text = text.get(length..).unwrap_or_default();
    }
    text
}

/// The body, without the members that are unread or named in `without`.
///
/// A body that has no canonical form stands as it is. It is not JSON then, so it equals no canonical
/// one.
pub(crate) fn body<'a, I: Operation>(request: &'a HttpRequest, without: &[Box<str>]) -> Form<'a> {
    let body = request.body().bytes().unwrap_or_default();
    let is_left_out = |name: &[u8]| {
        let is = |other: &str| name == other.as_bytes();
        I::UNREAD_MEMBERS.iter().copied().any(is) || without.iter().any(|other| is(other))
    };
    json::canonical(body, is_left_out).unwrap_or_else(|| Form::as_it_stands(body))
}
