use http::{HeaderMap, header};

/// What else a response to an unsafe request says it changed: the paths, with their queries, that `Location`
/// and `Content-Location` name. `scheme`, if it is known, `authority` and `path` are those of the request;
/// what is of another origin is left out, by RFC 9111, section 4.4.
pub(crate) fn also_changed(
    told: &HeaderMap,
    scheme: Option<&str>,
    authority: &str,
    path: &str,
) -> Vec<String> {
    let fields = [header::LOCATION, header::CONTENT_LOCATION];
    let references = fields
        .iter()
        .filter_map(|name| told.get(name)?.to_str().ok());
    references
        .filter_map(|reference| resolve(reference.trim(), scheme, authority, path))
        .collect()
}

/// The path and query of a reference: RFC 3986, section 5.2, for those of the same origin.
fn resolve(reference: &str, scheme: Option<&str>, authority: &str, base: &str) -> Option<String> {
    let reference = reference.split('#').next()?;
    let (own_scheme, rest) = match reference.split_once(':') {
        // A colon may also be part of a path or a query.
        Some((own, rest)) if !own.contains(['/', '?']) => (Some(own), rest),
        _ => (None, reference),
    };
    if let Some(own) = own_scheme {
        let is_known = scheme.map_or(
            ["http", "https"].contains(&&*own.to_ascii_lowercase()),
            |s| own.eq_ignore_ascii_case(s),
        );
        if !is_known || !rest.starts_with("//") {
            return None;
        }
    }
    let (base, query_of_base) = base.split_once('?').unwrap_or((base, ""));
    if let Some(rest) = rest.strip_prefix("//") {
        let (own, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        return own.eq_ignore_ascii_case(authority).then(|| normal(path));
    }
    Some(match rest.chars().next() {
        None if query_of_base.is_empty() => base.to_owned(),
        None => format!("{base}?{query_of_base}"),
        Some('/') => normal(rest),
        Some('?') => format!("{base}{rest}"),
        Some(_) => {
            let folder = base.rfind('/').map_or("/", |last| &base[..=last]);
            normal(&format!("{folder}{rest}"))
        }
    })
}

/// A path without `.` and `..`: RFC 3986, section 5.2.4.
fn normal(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut parts = Vec::new();
    let mut given = path.split('/').skip(1).peekable();
    while let Some(part) = given.next() {
        let is_last = given.peek().is_none();
        match part {
            "." | ".." => {
                if part == ".." {
                    parts.pop();
                }
                if is_last {
                    parts.push("");
                }
            }
            part => parts.push(part),
        }
    }
    format!("/{}{query}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_the_same_origin_are_resolved() {
        for (reference, expected) in [
            ("/b", Some("/b")),
            ("/b?x=1#part", Some("/b?x=1")),
            ("http://One:80/b", Some("/b")),
            ("https://one:80", Some("/")),
            ("https://one:80?x", Some("/?x")),
            ("//one:80/b", Some("/b")),
            // Those of RFC 3986, section 5.4, for the base of this test.
            ("g", Some("/a/g")),
            ("./g/", Some("/a/g/")),
            ("?y", Some("/a/b?y")),
            ("", Some("/a/b?q")),
            ("#s", Some("/a/b?q")),
            (".", Some("/a/")),
            ("..", Some("/")),
            ("../g", Some("/g")),
            ("../../../g", Some("/g")),
            ("g?y/../x", Some("/a/g?y/../x")),
            ("g/./h/../i", Some("/a/g/i")),
            ("/x:y", Some("/x:y")),
            ("http://two/b", None),
            ("http://one/b", None),
            ("//two/b", None),
            ("ftp://one:80/b", None),
            ("mailto:one", None),
            ("http:b", None),
        ] {
            let resolved = resolve(reference, None, "one:80", "/a/b?q");
            assert_eq!(resolved.as_deref(), expected, "{reference}");
        }
        assert_eq!(resolve("http://one/b", Some("https"), "one", "/a"), None);
        assert_eq!(
            resolve("HTTPS://one/b", Some("https"), "one", "/a").as_deref(),
            Some("/b")
        );
    }
}
