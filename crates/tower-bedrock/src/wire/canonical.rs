//! One text for every spelling of a request.

use super::json;
use crate::operation::Operation;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use std::borrow::Cow;

/// Headers that say nothing of the answer: what Bedrock only logs about a request, and the length of
/// a body, which the canonical body may not have.
const UNREAD_HEADERS: [&str; 2] = ["x-amzn-bedrock-request-metadata", "content-length"];

/// Writes method, path and headers, without those that are unread or named in `without`.
///
/// None of the parts can have a line break in it, so the lines cannot run together.
pub(crate) fn head(request: &HttpRequest, without: &[Box<str>], text: &mut Vec<u8>) {
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
    for part in [request.method(), " ", request.uri(), "\n"] {
        text.extend_from_slice(part.as_bytes());
    }
    for (name, value) in headers {
        for part in [name.as_bytes(), b": ", value, b"\n"] {
            text.extend_from_slice(part);
        }
    }
    text.push(b'\n');
}

/// The body, without the members that are unread or named in `without`.
///
/// A body that has no canonical form stands as it is. It is not JSON then, so it equals no canonical
/// one.
pub(crate) fn body<'a, I: Operation>(
    request: &'a HttpRequest,
    without: &[Box<str>],
) -> Cow<'a, [u8]> {
    let body = request.body().bytes().unwrap_or_default();
    let is_left_out = |name: &[u8]| {
        let is = |other: &str| name == other.as_bytes();
        I::UNREAD_MEMBERS.iter().copied().any(is) || without.iter().any(|other| is(other))
    };
    json::canonical(body, is_left_out).unwrap_or(Cow::Borrowed(body))
}
