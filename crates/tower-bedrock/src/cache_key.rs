use crate::{canonical::canonical, operation::Operation, request::Request, wire};
use aws_smithy_runtime_api::{box_error::BoxError, client::orchestrator::HttpRequest};
use std::fmt;

/// Raised whenever the same request gets another key than before.
const VERSION: &str = "tower-bedrock request key 1";

/// What Bedrock logs about a request but never reads to answer it, where a header carries it.
const METADATA_HEADER: &str = "x-amzn-bedrock-request-metadata";

/// The 256-bit identity of a request: two requests have the same one only if Bedrock would read
/// them the same.
///
/// It covers the operation, the Region, the tenant, the model id, and every header and every
/// member of the body as the SDK itself serializes them; `requestMetadata` alone is left out.
/// Members of JSON objects may stand in any order, for the SDK writes its maps in a new order
/// each time.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey([u8; blake3::OUT_LEN]);

impl CacheKey {
    /// The key of a request that is sent to `region`.
    ///
    /// # Errors
    ///
    /// If the SDK cannot serialize the input, because the model id is missing, say.
    pub fn of<I: Operation>(request: &Request<I>, region: Option<&str>) -> Result<Self, BoxError> {
        let wire = wire::serialize(request.input())?;
        let mut digest = Digest::new();
        digest.part(VERSION.as_bytes());
        digest.part(I::NAME.as_bytes());
        digest.optional(region.map(str::as_bytes));
        digest.optional(request.options().tenant().map(str::as_bytes));
        digest.part(wire.method().as_bytes());
        digest.part(wire.uri().as_bytes());
        headers(&mut digest, &wire);
        let body = wire.body().bytes().unwrap_or_default();
        match canonical(body, I::UNREAD_MEMBERS) {
            Some(canonical) => digest.optional(Some(&canonical)),
            // Not JSON, so there is nothing to put in order: its very bytes count.
            None => {
                digest.optional(None);
                digest.part(body);
            }
        }
        Ok(Self(digest.0.finalize().into()))
    }

    /// The key's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The body's length is no identity: a canonical body is shorter than the one that was sent.
fn headers(digest: &mut Digest, wire: &HttpRequest) {
    let mut headers: Vec<_> = wire
        .headers()
        .iter()
        .filter(|(name, _)| !["content-length", METADATA_HEADER].contains(name))
        .collect();
    headers.sort_unstable();
    digest.part(&(headers.len() as u64).to_le_bytes());
    for (name, value) in headers {
        digest.part(name.as_bytes());
        digest.part(value.as_bytes());
    }
}

/// Hashes parts so that no two lists of parts run together to the same bytes.
struct Digest(blake3::Hasher);

impl Digest {
    fn new() -> Self {
        Self(blake3::Hasher::new())
    }

    fn part(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn optional(&mut self, bytes: Option<&[u8]>) {
        self.0.update(&[u8::from(bytes.is_some())]);
        if let Some(bytes) = bytes {
            self.part(bytes);
        }
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CacheKey({self})")
    }
}

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}
