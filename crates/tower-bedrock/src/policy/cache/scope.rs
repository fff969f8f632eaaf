use crate::region::IntoRegion;
use std::sync::Arc;

/// What a [`CacheKey`](crate::CacheKey) covers besides the request and its tenant: where the request
/// goes and who pays for it, and which of its members do not count.
///
/// Requests of different scopes never have the same key, so that stores can be shared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheScope {
    pub(super) region: Option<Arc<str>>,
    pub(super) endpoint: Option<Arc<str>>,
    pub(super) account: Option<Arc<str>>,
    pub(super) ignored: Arc<[Box<str>]>,
}

impl CacheScope {
    /// A scope of no Region, endpoint or account, in which all of a request counts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the Region that requests are sent to, such as `"us-east-1"`. Default: none.
    #[must_use]
    pub fn region(mut self, region: impl IntoRegion) -> Self {
        self.region = Some(region.into_region());
        self
    }

    /// Sets the endpoint that requests are sent to, where it is not the Region's own. Default:
    /// none.
    #[must_use]
    pub fn endpoint(mut self, url: impl Into<Arc<str>>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Sets whose account calls are charged to: an account number, a role, or any other name.
    /// Accounts share no answers, for custom models, guardrails and prompts are an account's own.
    /// Default: none.
    #[must_use]
    pub fn account(mut self, account: impl Into<Arc<str>>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Sets which outermost members of a request's JSON body, and which of its headers, do not
    /// count. Default: none.
    ///
    /// Requests that differ in nothing else share an answer, so name only what changes none, such
    /// as `"serviceTier"` and the header of the same use, `"x-amzn-bedrock-service-tier"`. What
    /// Bedrock logs and does not read, `requestMetadata`, never counts.
    #[must_use]
    pub fn ignoring(mut self, names: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        let mut names: Vec<_> = names.into_iter().map(Into::into).collect();
        names.sort_unstable();
        names.dedup();
        self.ignored = names.into();
        self
    }
}
