/// Which answers of an [`HttpQuotaLayer`](crate::HttpQuotaLayer) tell the limits and what is left of them, in
/// the fields `RateLimit-Policy` and `RateLimit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RateLimitFields {
    /// All of them.
    #[default]
    Always,
    /// Rejections alone.
    Rejections,
    /// None. A rejection still says when to come again.
    Never,
}
