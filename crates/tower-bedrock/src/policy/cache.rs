use crate::{
    cache_key::CacheKey,
    cache_scope::CacheScope,
    error::{Error, ErrorKind},
    operation::Operation,
    options::CacheUse,
    request::Request,
    response::Response,
    usage::Usage,
};
use std::{any::Any, fmt, sync::Arc, time::Duration};
use tower_response_cache::{CacheStatus, Keep, Lookup, Policy, ResponseCacheLayer};

/// Tells a response cache which requests are the same and which answers are worth keeping.
///
/// Requests are the same if their [`CacheKey`]s are. Kept are complete answers only: those that
/// ended with `end_turn` or `stop_sequence`, and token counts. An answer that was cut off, that
/// asks for a tool, that a guardrail intervened in, or of an `InvokeModel` family whose ending is
/// not known, is handed to the callers that wait for it and then forgotten.
///
/// The temperature plays no part: who adds a cache wants a repeated request answered alike. Send
/// a request that wants a new sample with [`CacheUse::Bypass`].
#[derive(Debug, Clone)]
pub struct CachePolicy {
    scope: CacheScope,
    ttl: Duration,
}

impl CachePolicy {
    /// A policy for calls that are sent to `region`, which keeps answers for `ttl`.
    #[must_use]
    pub fn new(region: impl Into<Arc<str>>, ttl: Duration) -> Self {
        Self {
            scope: CacheScope::new().region(region),
            ttl,
        }
    }
}

/// A [`ResponseCacheLayer`] with Bedrock's [`CachePolicy`]: keeps answers of calls to `region` for
/// `ttl`, in at most `bytes` of memory.
#[must_use]
pub fn response_cache(
    region: impl Into<Arc<str>>,
    ttl: Duration,
    bytes: u64,
) -> ResponseCacheLayer<CachePolicy, CacheKey, Answer> {
    ResponseCacheLayer::new(CachePolicy::new(region, ttl), bytes)
}

/// Whether a request brought a deadline or a number of attempts of its own.
#[derive(Debug, Clone, Copy)]
pub struct OwnLimits(bool);

/// What the cache holds: an output of any operation, or an error on its way to the callers of one
/// flight. The key names the operation, so the type is always the caller's own.
#[derive(Clone)]
pub struct Answer(Kind);

#[derive(Clone)]
enum Kind {
    Output {
        output: Arc<dyn Any + Send + Sync>,
        usage: Option<Usage>,
        request_id: Option<Arc<str>>,
    },
    Failed(Error),
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

impl<I: Operation> Policy<Request<I>, Response<I::Output>, Error> for CachePolicy {
    type Key = CacheKey;
    type Value = Answer;
    type Context = OwnLimits;

    fn lookup(&self, request: &Request<I>) -> Lookup<CacheKey> {
        let cache = request.options().cache();
        if cache == CacheUse::Bypass {
            return Lookup::Bypass;
        }
        match CacheKey::of(request, &self.scope) {
            Ok(key) if cache == CacheUse::Refresh => Lookup::Refresh(key),
            Ok(key) => Lookup::Use(key),
            // The SDK will say what is wrong with it.
            Err(_) => Lookup::Bypass,
        }
    }

    fn context(&self, request: &Request<I>) -> OwnLimits {
        let options = request.options();
        OwnLimits(options.deadline().is_some() || options.max_attempts().is_some())
    }

    fn keep(&self, _: &OwnLimits, response: &Response<I::Output>) -> Option<Keep> {
        // The body bounds what a walk of the output does not know of.
        let weight = I::weight(response.output()).max(response.body_bytes());
        I::is_complete(response.output()).then(|| Keep::new(self.ttl).weight(weight))
    }

    fn share(&self, response: &Response<I::Output>) -> Option<Answer> {
        Some(Answer(Kind::Output {
            output: response.output_shared(),
            usage: response.usage(),
            request_id: response.request_id_shared(),
        }))
    }

    /// An error that another attempt would not mend is everybody's, and so is one that the layer's
    /// own limits made final. Where the caller set limits of its own, others may get further.
    fn share_error(&self, own_limits: &OwnLimits, error: &Error) -> Option<Answer> {
        let mends = !matches!(
            error.kind(),
            ErrorKind::Invalid | ErrorKind::AccessDenied | ErrorKind::Exhausted
        );
        let others_may_fare_better = mends && own_limits.0;
        (!others_may_fare_better).then(|| Answer(Kind::Failed(error.clone())))
    }

    fn restore(
        &self,
        Answer(kind): Answer,
        status: CacheStatus,
    ) -> Option<Result<Response<I::Output>, Error>> {
        match kind {
            Kind::Output {
                output,
                usage,
                request_id,
            } => {
                let output = output.downcast().ok()?;
                Some(Ok(Response::from_cache(output, usage, request_id, status)))
            }
            Kind::Failed(error) => Some(Err(error)),
        }
    }

    fn mark(&self, response: &mut Response<I::Output>, status: CacheStatus) {
        response.set_cache(status);
    }
}
