use http::{HeaderMap, header};

use super::{age::date, condition::opaque};

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

/// Whether a 304 with the fields `told` is about the response that is `stored`: RFC 9111, section 4.3.4. Its
/// request named this response alone, so it is unless it names another one.
///
/// Tags are compared as the origin does (RFC 9110, section 13.1.2). A server that compresses, such as nginx,
/// makes the tag of a whole response weak, and leaves that of a 304 strong.
pub(crate) fn confirms(told: &HeaderMap, stored: &HeaderMap) -> bool {
    if let Some((new, old)) = told.get(header::ETAG).zip(stored.get(header::ETAG)) {
        return opaque(new.as_bytes()) == opaque(old.as_bytes());
    }
    // A date that is earlier may be that of a copy of the same on another server.
    let of = |headers| date(headers, &header::LAST_MODIFIED);
    of(told).zip(of(stored)).is_none_or(|(new, old)| new <= old)
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
