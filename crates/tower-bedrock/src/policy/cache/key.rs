use super::scope::CacheScope;
use crate::{
    operation::Operation,
    request::Request,
    wire::{self, EncodeError},
};
use std::fmt;
use tower_response_cache::Codec;

/// Changes whenever the same request gets another key than before.
const VERSION: &str = "tower-bedrock request key 3";

/// Up to this length in bytes, what is hashed is put together first, which takes less time than to
/// hash it piece by piece.
const SHORT: usize = 16 * 1024;

/// The 256-bit identity of a request: two requests have the same one only if Bedrock would read
/// them the same.
///
/// It covers the operation, the tenant, the [scope](CacheScope), and every header and every member
/// of the body as the SDK itself serializes them, also those that a later SDK adds;
/// `requestMetadata`, which Bedrock logs and does not read, is left out. Members of JSON objects may
/// stand in any order, for the SDK writes its maps in a new order each time. A system profile is the
/// same by its id and by its ARN. It is the BLAKE3
/// digest of [`wire::canonical`] after scope and tenant, the same in every process; for ConverseStream it is
/// derived from the key of the equal Converse.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey([u8; blake3::OUT_LEN]);

impl CacheKey {
    /// The key of a request in a scope.
    ///
    /// # Errors
    ///
    /// If the SDK cannot serialize the input, because the model id is missing, say.
    pub fn of<I: Operation>(request: &Request<I>, scope: &CacheScope) -> Result<Self, EncodeError> {
        let encoded = request.encoded()?;
        let body = wire::body::<I>(encoded, &scope.ignored);
        let length = encoded.body().bytes().map_or(0, <[u8]>::len);
        let mut text = Vec::with_capacity(512 + length.min(SHORT));
        let parts = [
            Some(VERSION),
            Some(I::STREAM_OF.unwrap_or(I::NAME)),
            scope.region.as_deref(),
            scope.endpoint.as_deref(),
            scope.account.as_deref(),
            request.options().tenant(),
        ];
        for part in parts {
            optional(part, &mut text);
        }
        // A scope that ignores less must not get the answers of one that ignores more.
        text.extend_from_slice(&(scope.ignored.len() as u64).to_le_bytes());
        for name in &*scope.ignored {
            optional(Some(name), &mut text);
        }
        let at = text.len();
        wire::head(encoded, request.model_id(), &scope.ignored, &mut text);
        if I::STREAM_OF.is_some() {
            unstreamed(&mut text, at);
        }
        let mut digest = blake3::Hasher::new();
        for piece in body.pieces() {
            if text.len() + piece.len() > SHORT {
                digest.update(&text);
                text.clear();
            }
            if piece.len() > SHORT {
                digest.update(piece);
            } else {
                text.extend_from_slice(piece);
            }
        }
        digest.update(&text);
        let key = Self(digest.finalize().into());
        Ok(if I::STREAM_OF.is_some() {
            key.streamed()
        } else {
            key
        })
    }

    /// Of the key of Converse that of the equal ConverseStream.
    pub(super) fn streamed(&self) -> Self {
        let mut digest = blake3::Hasher::new();
        digest.update(b"stream of ").update(&self.0);
        Self(digest.finalize().into())
    }

    /// The key's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// For remote stores that tell processes which keys were invalidated.
impl Codec for CacheKey {
    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// Makes of the path of a streamed operation, in the line that begins `at`, that of the other one.
fn unstreamed(text: &mut Vec<u8>, at: usize) {
    const SUFFIX: &[u8] = b"-stream";
    let line = text[at..].iter().position(|byte| *byte == b'\n');
    let end = line.map_or(text.len(), |length| at + length);
    if text[at..end].ends_with(SUFFIX) {
        text.drain(end - SUFFIX.len()..end);
    }
}

/// Writes a part so that no two lists of parts run together to the same bytes.
fn optional(part: Option<&str>, text: &mut Vec<u8>) {
    text.push(u8::from(part.is_some()));
    if let Some(part) = part {
        text.extend_from_slice(&(part.len() as u64).to_le_bytes());
        text.extend_from_slice(part.as_bytes());
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
