use bytes::Bytes;
use http::{HeaderMap, Method};

/// The longest body of a request that Bedrock takes, in bytes.
pub(crate) const LONGEST_BODY: usize = 25_000_000;

/// A call as a front took it in.
pub(crate) struct IncomingCall {
    pub(crate) method: Method,
    /// Percent-encoded, as it came.
    pub(crate) path: String,
    /// Whether it says who calls; what it says is not checked.
    pub(crate) authorized: bool,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}
