/// How a cache may take part in a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheUse {
    /// Answer from the cache if it can, keep the answer if the policy allows.
    #[default]
    Use,
    /// Ask Bedrock even so, and keep the new answer.
    Refresh,
    /// Answer from the cache if it can, but do not keep the answer. Callers who ask the same
    /// meanwhile may share it.
    NoStore,
    /// Answer from the cache or not at all: without a kept answer the request fails with
    /// [`ErrorKind::NotCached`](crate::ErrorKind), and Bedrock is not asked.
    OnlyIfCached,
    /// As if there were no cache.
    Bypass,
}
