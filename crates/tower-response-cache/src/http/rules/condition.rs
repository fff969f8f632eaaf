use http::{HeaderMap, HeaderValue, header};

use super::age::date;

/// Whether a caller that has the response it describes in its condition has what is `stored`: RFC 9111,
/// section 4.3.2. A condition that cannot be read is not met.
pub(crate) fn is_unchanged(asked: &HeaderMap, stored: &HeaderMap) -> bool {
    // `If-Modified-Since` counts for nothing beside `If-None-Match`.
    if asked.contains_key(header::IF_NONE_MATCH) {
        let stored = stored.get(header::ETAG).map(HeaderValue::as_bytes);
        let mut lines = asked.get_all(header::IF_NONE_MATCH).iter();
        return lines.any(|line| names(line.as_bytes(), stored));
    }
    let since = date(asked, &header::IF_MODIFIED_SINCE);
    let modified = date(stored, &header::LAST_MODIFIED);
    since
        .zip(modified)
        .is_some_and(|(since, modified)| modified <= since)
}

/// Whether one of the tags in `line` is `stored`, in the weak comparison of RFC 9110, section 8.8.3.2.
fn names(line: &[u8], stored: Option<&[u8]>) -> bool {
    let mut rest = line.trim_ascii();
    if rest == b"*" {
        return true;
    }
    let Some(stored) = stored.map(opaque) else {
        return false;
    };
    while let Some(tag) = opaque(rest).strip_prefix(b"\"") {
        let Some(end) = tag.iter().position(|byte| *byte == b'"') else {
            return false;
        };
        let (tag, after) = tag.split_at(end);
        if stored
            .strip_prefix(b"\"")
            .and_then(|own| own.strip_suffix(b"\""))
            == Some(tag)
        {
            return true;
        }
        rest = after[1..].trim_ascii_start();
        while let Some(next) = rest.strip_prefix(b",") {
            rest = next.trim_ascii_start();
        }
    }
    false
}

/// A tag without the mark of a weak one.
pub(super) fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}
