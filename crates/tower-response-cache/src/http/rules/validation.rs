use http::{HeaderMap, HeaderValue, header};

use super::condition::opaque;

/// Whether the origin can be asked if a response with these fields is still good.
pub(crate) fn has_validator(stored: &HeaderMap) -> bool {
    stored.contains_key(header::ETAG) || stored.contains_key(header::LAST_MODIFIED)
}

/// Replaces the conditions of a request by those of the response that is `stored`, if there is one: RFC 9111,
/// section 4.3.1.
pub(crate) fn ask_whether_changed(asked: &mut HeaderMap, stored: Option<&HeaderMap>) {
    for (condition, validator) in [
        (header::IF_NONE_MATCH, header::ETAG),
        (header::IF_MODIFIED_SINCE, header::LAST_MODIFIED),
    ] {
        asked.remove(&condition);
        if let Some(value) = stored.and_then(|stored| stored.get(validator)) {
            asked.insert(condition, value.clone());
        }
    }
}

/// Whether a 304 with the fields `told` is about the response that is `stored`: RFC 9111, section 4.3.4. One
/// without a validator is, since it answers a request with those of this response.
pub(crate) fn confirms(told: &HeaderMap, stored: &HeaderMap) -> bool {
    if let Some(new) = told.get(header::ETAG) {
        let new = new.as_bytes();
        let old = stored.get(header::ETAG).map(HeaderValue::as_bytes);
        // A strong validator is that of the very same bytes.
        let is_weak = new.starts_with(b"W/");
        return old.is_some_and(|old| old == new || (is_weak && opaque(old) == opaque(new)));
    }
    let new = told.get(header::LAST_MODIFIED);
    new.is_none() || new == stored.get(header::LAST_MODIFIED)
}

/// Whether the answer to HEAD with the fields `told` shows that the answer to GET that is `stored` is outdated:
/// RFC 9111, section 4.3.5.
pub(crate) fn outdates(told: &HeaderMap, stored: &HeaderMap) -> bool {
    let fields = [header::ETAG, header::LAST_MODIFIED, header::CONTENT_LENGTH];
    fields.iter().any(|name| {
        let both = told.get(name).zip(stored.get(name));
        both.is_some_and(|(new, old)| new != old)
    })
}
