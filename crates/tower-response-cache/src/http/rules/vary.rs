use http::{HeaderMap, HeaderName, header};

/// Whether equal keys imply equal requests, as far as the response says: every field that its `Vary`
/// names is one of `in_key`.
pub(super) fn is_told_apart(headers: &HeaderMap, in_key: &[HeaderName]) -> bool {
    let mut names = headers
        .get_all(header::VARY)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty());
    // The authority is in every key.
    names.all(|name| {
        name.eq_ignore_ascii_case(b"host")
            || in_key
                .iter()
                .any(|own| name.eq_ignore_ascii_case(own.as_str().as_bytes()))
    })
}
