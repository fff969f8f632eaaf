use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};

use super::generations::Generations;

/// What tells requests apart: the method, the scheme, the target, the chosen fields, and how many times
/// the target was invalidated. Lengths stand before all that could run into what follows.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct HttpKey(Arc<[u8]>);

impl HttpKey {
    /// The key of a GET or HEAD request.
    pub(crate) fn of<B>(
        req: &Request<B>,
        vary_by: &[HeaderName],
        generations: &Generations,
    ) -> Self {
        let path = path(req.uri());
        let target = target(&authority(req.uri(), req.headers()), path);
        let mut key = Vec::with_capacity(target.len() + 64);
        key.push(u8::from(req.method() == Method::HEAD));
        key.extend(generations.of(&target, path).to_ne_bytes());
        push(
            &mut key,
            req.uri().scheme_str().unwrap_or_default().as_bytes(),
        );
        push(&mut key, &target);
        for name in vary_by {
            let values = req.headers().get_all(name);
            key.extend(values.iter().count().to_ne_bytes());
            for value in values {
                push(&mut key, value.as_bytes());
            }
        }
        Self(key.into())
    }

    pub(crate) fn is_of_head(&self) -> bool {
        self.0.first() == Some(&1)
    }

    /// The key of a GET request that is like this one otherwise.
    pub(crate) fn of_get(&self) -> Self {
        let mut key = self.0.to_vec();
        if let Some(method) = key.first_mut() {
            *method = 0;
        }
        Self(key.into())
    }

    /// What it has on the heap: bytes.
    pub(crate) fn weight(&self) -> usize {
        self.0.len() + 2 * size_of::<usize>()
    }
}

fn push(key: &mut Vec<u8>, part: &[u8]) {
    key.extend(part.len().to_ne_bytes());
    key.extend(part);
}

/// The authority and the path with its query: what an unsafe request and the answers that it invalidates
/// have in common.
pub(crate) fn target(authority: &[u8], path: &str) -> Vec<u8> {
    let mut target = Vec::with_capacity(authority.len() + 1 + path.len());
    target.extend(authority);
    target.push(b' ');
    target.extend(path.as_bytes());
    target
}

/// The path and the query.
pub(crate) fn path(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |path| path.as_str())
}

/// The authority, in lower case. A server reads it from `Host`, as its requests name only a path.
pub(crate) fn authority(uri: &Uri, headers: &HeaderMap) -> Vec<u8> {
    if let Some(authority) = uri.authority() {
        return authority.as_str().to_ascii_lowercase().into_bytes();
    }
    let hosts = headers.get_all(header::HOST).iter();
    let hosts: Vec<_> = hosts.map(HeaderValue::as_bytes).collect();
    hosts.join(&b',').to_ascii_lowercase()
}
