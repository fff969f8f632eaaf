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
        let target = target(req.uri(), req.headers());
        let mut key = Vec::with_capacity(target.len() + 64);
        key.push(u8::from(req.method() == Method::HEAD));
        key.extend(generations.of(&target).to_ne_bytes());
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
/// have in common. A server reads the authority from `Host`, as its requests name only a path.
pub(crate) fn target(uri: &Uri, headers: &HeaderMap) -> Vec<u8> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut authorities = Vec::new();
    match uri.authority() {
        Some(authority) => authorities.push(authority.as_str().as_bytes()),
        None => authorities.extend(
            headers
                .get_all(header::HOST)
                .iter()
                .map(HeaderValue::as_bytes),
        ),
    }
    let mut target = authorities.join(&b',').to_ascii_lowercase();
    target.push(b' ');
    target.extend(path.as_bytes());
    target
}
