use super::{
    answer::Answer, keep_rule::KeepRule, key::CacheKey, names::Names, price_list::PriceList,
    recorded_streams::RecordedStreams, savings_handle::SavingsHandle, scope::CacheScope,
};
use crate::{record::Replay, region::IntoRegion};
use std::{sync::Arc, time::Duration};
use tower_response_cache::{MemoryStore, ResponseCacheLayer};

/// Tells a response cache which requests are the same and which answers are worth keeping.
///
/// Requests are the same if their [`CacheKey`]s are. Complete answers are kept: those that ended
/// with `end_turn` or `stop_sequence`, embeddings, rankings, token counts and verdicts of ApplyGuardrail.
/// Other answers go to the callers that wait for them and are then forgotten: those that were cut off,
/// that ask for a tool, that a guardrail intervened in, that have nothing but reasoning or spaces, that
/// the draft of a guardrail or a prompt had a part in, whose ending is not known, or that
/// [another model](crate::Regions::or_model) gave than the one that was asked.
///
/// A stream is recorded while it passes, up to 4 MiB of it, and kept once it is complete. Whoever asks for
/// the same meanwhile reads it along, from its first event on; the others go on when one leaves, and a break
/// reaches all of them. One who falls further behind than those 4 MiB gets an error that says so.
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
/// | [`ErrorKind`](crate::ErrorKind) | goes to all who wait | an old answer takes its place |
/// |---|---|---|
/// | `Invalid`, `AccessDenied` | yes | no |
/// | `Exhausted`, `Closed` | yes | yes |
/// | `Throttled`, `Capacity`, `Transient`, `Timeout`, `Truncated`, `DeadlineExceeded`, `CircuitOpen`, `NotCached`, `QuotaRejected` | unless the caller set limits of its own | yes |
/// | `Other` | unless the caller set limits of its own | no |
#[derive(Debug)]
pub struct CachePolicy {
    pub(super) scope: CacheScope,
    /// The Region whose answers are kept, if Regions share none.
    pub(super) only: Option<Arc<str>>,
    pub(super) rule: KeepRule,
    pub(super) sampled: bool,
    pub(super) replay: Replay,
    /// If their messages are shared.
    pub(super) recorded: Option<Arc<RecordedStreams>>,
    pub(super) prices: Arc<PriceList>,
    pub(super) savings: SavingsHandle,
    pub(super) models: Names,
    pub(super) tenants: Names,
}

impl CachePolicy {
    /// A policy for calls that are sent to `region`, which keeps answers for `ttl`.
    ///
    /// Of several [`Regions`](crate::Regions) it is the first: equal requests have one key wherever they
    /// go, so that they share answers, unless [`share_answers`](crate::Regions::share_answers) says otherwise.
    #[must_use]
    pub fn new(region: impl IntoRegion, ttl: Duration) -> Self {
        let regions = region.into_regions();
        let only = (!regions.share_answers).then(|| Arc::clone(regions.first()));
        Self {
            scope: CacheScope::new().region(&regions),
            only,
            rule: KeepRule {
                ttl,
                while_revalidate: Duration::ZERO,
                if_error: Duration::ZERO,
                truncated: false,
                tool_use: false,
                drafts: false,
            },
            sampled: true,
            replay: Replay::AtOnce,
            recorded: None,
            prices: Arc::default(),
            savings: SavingsHandle::default(),
            models: Names::default(),
            tenants: Names::default(),
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
        self.rule.truncated = keep;
        self
    }

    /// Sets whether answers are kept that ask for a tool. Default: not kept. A repeat would make the
    /// caller run the tool again, under an id that was used before.
    #[must_use]
    pub fn tool_use(mut self, keep: bool) -> Self {
        self.rule.tool_use = keep;
        self
    }

    /// Sets whether answers are kept that come about under the draft of a guardrail or of a prompt:
    /// a guardrail whose version is no number, the ARN of a prompt that ends without one. Default: not
    /// kept, since a draft can change while its name stays. With `true` an answer under an older draft
    /// is given until its `ttl` is over.
    #[must_use]
    pub fn drafts(mut self, keep: bool) -> Self {
        self.rule.drafts = keep;
        self
    }

    /// Sets whether requests are cached whose answer is drawn at random. Default: they are.
    ///
    /// That is every request that does not ask for a temperature of 0: without one the model takes
    /// its own, mostly 1. With `false` hardly any request is cached: all others go past the cache and
    /// share no call. A single request that wants a new sample sets [`CacheUse::Bypass`](crate::CacheUse::Bypass).
    #[must_use]
    pub fn sampled(mut self, cache: bool) -> Self {
        self.sampled = cache;
        self
    }

    /// Sets for how long after its `ttl` an answer is still given, while one call fetches a new one.
    /// Default: 0.
    #[must_use]
    pub fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.rule.while_revalidate = time;
        self
    }

    /// Sets for how long after its `ttl` an answer takes the place of an error that is not the
    /// request's fault: a throttle, a full quota, an open circuit, an outage. Default: 0.
    ///
    /// The error is the one with which the layers inside end, after all their retries, and these may
    /// take longer than `time`. A request's [`timeout`](crate::Request::timeout) makes them give up sooner.
    /// [`stale_while_revalidate`](Self::stale_while_revalidate) does not wait for them at all.
    #[must_use]
    pub fn stale_if_error(mut self, time: Duration) -> Self {
        self.rule.if_error = time;
        self
    }

    /// Sets how a recorded stream is replayed. Default: all of it at once.
    ///
    /// Whoever reads along a stream that goes on gets what has come at once, and the rest as it comes.
    #[must_use]
    pub fn replay(mut self, replay: Replay) -> Self {
        self.replay = replay;
        self
    }

    /// Sets whether Converse is answered by what was recorded of a ConverseStream of the same request.
    /// Default: not.
    ///
    /// The answer is the message that the events come to. It lies under the stream's key, which has to
    /// be invalidated too where the request's own is. The streams that another process keeps, in a
    /// remote store, are not found.
    #[must_use]
    pub fn messages_of_streams(mut self, share: bool) -> Self {
        self.recorded = share.then(Arc::default);
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
}

/// A [`ResponseCacheLayer`] with Bedrock's [`CachePolicy`]: keeps answers of calls to `region` for
/// `ttl`, in at most `bytes` of memory.
#[must_use]
pub fn response_cache_layer(
    region: impl IntoRegion,
    ttl: Duration,
    bytes: u64,
) -> ResponseCacheLayer<CachePolicy, CacheKey, Answer> {
    CachePolicy::new(region, ttl).layer(bytes)
}
