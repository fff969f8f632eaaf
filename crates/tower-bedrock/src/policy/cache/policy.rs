use super::{
    answer::Answer, context::CacheContext, key::CacheKey, price_list::PriceList,
    savings_handle::SavingsHandle, scope::CacheScope,
};
use crate::{
    error::{Error, ErrorKind},
    model_id::one_name,
    operation::Operation,
    request::{CacheUse, Request},
    response::{Ending, Reply},
};
use std::{sync::Arc, time::Duration};
use tower_response_cache::{CacheStatus, Keep, Lookup, MemoryStore, Policy, ResponseCacheLayer};

/// Tells a response cache which requests are the same and which answers are worth keeping.
///
/// Requests are the same if their [`CacheKey`]s are. Complete answers are kept: those that ended
/// with `end_turn` or `stop_sequence`, embeddings, and token counts. Other answers go to the callers
/// that wait for them and are then forgotten: those that were cut off, that ask for a tool, that a
/// guardrail intervened in, or whose ending is not known.
///
/// [`savings`](Self::savings) sums up what the cache's answers would have cost. Their own
/// [`usage`](crate::ResponseMetadata::usage) is zero. The tags `model:` and `tenant:` find answers
/// again, with the id of the model or system profile, also where the request named its ARN, and the
/// tenant.
///
/// # Errors
///
/// No error is kept. Callers of the same request wait for one call and get its error too, unless it
/// may be due to limits of the caller who made the call: then they make a call of their own. With
/// [`stale_if_error`](Self::stale_if_error) an old answer takes the place of most errors.
///
/// | [`ErrorKind`] | goes to all who wait | an old answer takes its place |
/// |---|---|---|
/// | `Invalid`, `AccessDenied` | yes | no |
/// | `Exhausted` | yes | yes |
/// | `Throttled`, `Capacity`, `Transient`, `Timeout`, `Truncated`, `DeadlineExceeded`, `CircuitOpen`, `NotCached`, `QuotaRejected` | unless the caller set limits of its own | yes |
/// | `Other` | unless the caller set limits of its own | no |
#[derive(Debug)]
pub struct CachePolicy {
    scope: CacheScope,
    ttl: Duration,
    while_revalidate: Duration,
    if_error: Duration,
    truncated: bool,
    tool_use: bool,
    sampled: bool,
    prices: Arc<PriceList>,
    savings: SavingsHandle,
}

impl CachePolicy {
    /// A policy for calls that are sent to `region`, which keeps answers for `ttl`.
    #[must_use]
    pub fn new(region: impl Into<Arc<str>>, ttl: Duration) -> Self {
        Self {
            scope: CacheScope::new().region(region),
            ttl,
            while_revalidate: Duration::ZERO,
            if_error: Duration::ZERO,
            truncated: false,
            tool_use: false,
            sampled: true,
            prices: Arc::default(),
            savings: SavingsHandle::default(),
        }
    }

    /// Sets whose account calls are charged to, as [`CacheScope::account`] does. Default: none.
    #[must_use]
    pub fn account(mut self, account: impl Into<Arc<str>>) -> Self {
        self.scope = self.scope.account(account);
        self
    }

    /// Sets the endpoint of calls, as [`CacheScope::endpoint`] does. Default: the Region's own.
    #[must_use]
    pub fn endpoint(mut self, url: impl Into<Arc<str>>) -> Self {
        self.scope = self.scope.endpoint(url);
        self
    }

    /// Sets which outermost members and headers of a request do not count, as
    /// [`CacheScope::ignoring`] does. Default: none.
    #[must_use]
    pub fn ignoring(mut self, names: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        self.scope = self.scope.ignoring(names);
        self
    }

    /// The scope of the policy's keys, to find an answer by [`CacheKey::of`]. A copy of it does not
    /// follow knobs that are turned later.
    #[must_use]
    pub fn scope(&self) -> &CacheScope {
        &self.scope
    }

    /// Sets whether answers are kept that a limit of tokens cut off. Default: not kept, since a caller
    /// who asks again may hope for the rest.
    #[must_use]
    pub fn truncated(mut self, keep: bool) -> Self {
        self.truncated = keep;
        self
    }

    /// Sets whether answers are kept that ask for a tool. Default: not kept. A repeat would make the
    /// caller run the tool again, under an id that was used before.
    #[must_use]
    pub fn tool_use(mut self, keep: bool) -> Self {
        self.tool_use = keep;
        self
    }

    /// Sets whether requests are cached whose answer is drawn at random. Default: they are.
    ///
    /// That is every request that does not ask for a temperature of 0: without one the model takes
    /// its own, mostly 1. With `false` hardly any request is cached: all others go past the cache and
    /// share no call. A single request that wants a new sample sets [`CacheUse::Bypass`].
    #[must_use]
    pub fn sampled(mut self, cache: bool) -> Self {
        self.sampled = cache;
        self
    }

    /// Sets for how long after its `ttl` an answer is still given, while one call fetches a new one.
    /// Default: 0.
    #[must_use]
    pub fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.while_revalidate = time;
        self
    }

    /// Sets for how long after its `ttl` an answer takes the place of an error that is not the
    /// request's fault: a throttle, a full quota, an open circuit, an outage. Default: 0.
    ///
    /// The error is the one with which the layers inside end, after all their retries, and these may
    /// take longer than `time`. A request's [`timeout`](Request::timeout) makes them give up sooner.
    /// [`stale_while_revalidate`](Self::stale_while_revalidate) does not wait for them at all.
    #[must_use]
    pub fn stale_if_error(mut self, time: Duration) -> Self {
        self.if_error = time;
        self
    }

    /// Sets the prices by which [`savings`](Self::savings) counts money. Default: none.
    #[must_use]
    pub fn prices(mut self, prices: PriceList) -> Self {
        self.prices = Arc::new(prices);
        self
    }

    /// A handle to what the cache saves, whatever knobs are turned later.
    #[must_use]
    pub fn savings(&self) -> SavingsHandle {
        self.savings.clone()
    }

    /// A response cache with this policy, in at most `bytes` of memory.
    #[must_use]
    pub fn layer(self, bytes: u64) -> ResponseCacheLayer<Self, CacheKey, Answer> {
        ResponseCacheLayer::with_store(self, MemoryStore::of_bytes(bytes))
    }

    fn keeps(&self, ending: Ending) -> bool {
        match ending {
            Ending::Complete => true,
            Ending::Truncated => self.truncated,
            Ending::ToolUse => self.tool_use,
            Ending::Other => false,
        }
    }
}

/// A [`ResponseCacheLayer`] with Bedrock's [`CachePolicy`]: keeps answers of calls to `region` for
/// `ttl`, in at most `bytes` of memory.
#[must_use]
pub fn response_cache_layer(
    region: impl Into<Arc<str>>,
    ttl: Duration,
    bytes: u64,
) -> ResponseCacheLayer<CachePolicy, CacheKey, Answer> {
    CachePolicy::new(region, ttl).layer(bytes)
}

impl<I: Operation> Policy<Request<I>, I::Response, Error> for CachePolicy {
    type Key = CacheKey;
    type Value = Answer;
    type Context = CacheContext;

    fn lookup(&self, request: &Request<I>) -> Lookup<CacheKey> {
        let cache = request.options().cache();
        let wants_a_sample = !self.sampled && request.is_sampled();
        if I::Response::STREAMS
            || cache == CacheUse::Bypass
            || (wants_a_sample && cache != CacheUse::OnlyIfCached)
        {
            return Lookup::Bypass;
        }
        match CacheKey::of(request, &self.scope) {
            Ok(key) if cache == CacheUse::Refresh => Lookup::Refresh(key),
            Ok(key) => Lookup::Use(key),
            // The call fails in the SDK, which says better what is wrong.
            Err(_) => Lookup::Bypass,
        }
    }

    fn context(&self, request: &Request<I>) -> CacheContext {
        let options = request.options();
        CacheContext {
            own_limits: options.deadline().is_some() || options.max_attempts().is_some(),
            no_store: options.cache() == CacheUse::NoStore,
            ttl: options.cache_for(),
            model_id: request.model_id().map(Arc::from),
            tenant: options.tenant.clone(),
        }
    }

    fn absent(&self, request: &Request<I>) -> Option<Result<I::Response, Error>> {
        let only_if_cached = request.options().cache() == CacheUse::OnlyIfCached;
        only_if_cached.then(|| Err(Error::not_cached(I::NAME)))
    }

    fn keep(&self, asked: &CacheContext, response: &I::Response) -> Option<Keep> {
        if asked.no_store || !self.keeps(I::ending(response)) {
            return None;
        }
        let raw = response
            .meta()
            .raw()
            .map_or(0, |raw| raw.body().len() as u64);
        // A walk of the output misses what a later SDK adds; the body has all of it.
        let weight = I::weight(response).max(response.meta().body_bytes);
        let model = asked.model_id.iter();
        let model = model.map(|model| format!("model:{}", one_name(model)));
        let tenant = asked.tenant.iter().map(|tenant| format!("tenant:{tenant}"));
        Some(
            Keep::new(asked.ttl.unwrap_or(self.ttl))
                .stale_while_revalidate(self.while_revalidate)
                .stale_if_error(self.if_error)
                .weight(weight.saturating_add(raw))
                .with_tags(model.chain(tenant)),
        )
    }

    fn share(&self, response: &I::Response) -> Option<Answer> {
        Answer::of::<I>(response)
    }

    /// An error that another attempt would not mend is everybody's, and so is one that the layer's
    /// own limits made final. Where the caller set limits of its own, others may get further.
    fn share_error(&self, asked: &CacheContext, error: &Error) -> Option<Answer> {
        let is_everybodys = match error.kind() {
            ErrorKind::Invalid | ErrorKind::AccessDenied | ErrorKind::Exhausted => true,
            ErrorKind::Throttled
            | ErrorKind::Capacity
            | ErrorKind::Transient
            | ErrorKind::Timeout
            | ErrorKind::Truncated
            | ErrorKind::DeadlineExceeded
            | ErrorKind::CircuitOpen
            | ErrorKind::NotCached
            | ErrorKind::QuotaRejected
            | ErrorKind::Other => !asked.own_limits,
        };
        is_everybodys.then(|| Answer::failed(error.clone()))
    }

    fn stale_if_error(&self, _: &CacheContext, error: &Error) -> bool {
        match error.kind() {
            // The request is at fault, or may be: an old answer would hide that.
            ErrorKind::Invalid | ErrorKind::AccessDenied | ErrorKind::Other => false,
            ErrorKind::Throttled
            | ErrorKind::Exhausted
            | ErrorKind::Capacity
            | ErrorKind::Transient
            | ErrorKind::Timeout
            | ErrorKind::Truncated
            | ErrorKind::DeadlineExceeded
            | ErrorKind::CircuitOpen
            | ErrorKind::NotCached
            | ErrorKind::QuotaRejected => true,
        }
    }

    fn restore(&self, answer: Answer, status: CacheStatus) -> Option<Result<I::Response, Error>> {
        let result = answer.response::<I>(status)?;
        if let Ok(response) = &result {
            let meta = response.meta();
            self.savings
                .add(&self.prices, meta.model_id(), meta.saved());
        }
        Some(result)
    }

    fn mark(&self, response: &mut I::Response, status: CacheStatus) {
        response.meta_mut().cache = Some(status);
    }
}
