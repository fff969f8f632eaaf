//! What the cache asks of a [`CachePolicy`].

use super::{
    answer::Answer,
    context::CacheContext,
    key::CacheKey,
    names::Name,
    policy::CachePolicy,
    stream_end::{KeepAtEnd, SavedAtEnd},
};
use crate::{
    error::{Error, ErrorKind},
    model_id::{is_draft_prompt, one_name},
    operation::Operation,
    request::{CacheUse, Request},
    response::Reply,
};
use aws_sdk_bedrockruntime::operation::converse::ConverseInput;
use std::sync::Arc;
use tower_response_cache::{CacheStatus, Keep, KeepTicket, Lookup, Policy};

impl<I: Operation> Policy<Request<I>, I::Response, Error> for CachePolicy {
    type Key = CacheKey;
    type Value = Answer;
    type Context = CacheContext;

    fn lookup(&self, request: &Request<I>) -> Lookup<CacheKey> {
        let cache = request.options().cache();
        let wants_a_sample = !self.sampled && request.is_sampled();
        // Where answers are those of one Region, whoever wants another one's asks it.
        let only = self.only.as_deref();
        let is_elsewhere = only.is_some()
            && request
                .options()
                .region()
                .is_some_and(|it| Some(it) != only);
        let goes_past = wants_a_sample || is_elsewhere || !I::CACHED;
        if cache == CacheUse::Bypass || (goes_past && cache != CacheUse::OnlyIfCached) {
            return Lookup::Bypass;
        }
        match CacheKey::of(request, &self.scope) {
            Ok(key) if cache == CacheUse::Refresh => {
                // What is fetched now is newer than any stream.
                if let Some(recorded) = &self.recorded {
                    recorded.forget(&key.streamed());
                }
                Lookup::Refresh(key)
            }
            Ok(key) => Lookup::Use(self.key_of_stream::<I>(key).unwrap_or(key)),
            // The call fails in the SDK, which says better what is wrong.
            Err(_) => Lookup::Bypass,
        }
    }

    fn context(&self, request: &Request<I>) -> CacheContext {
        let options = request.options();
        CacheContext {
            own_limits: options.deadline().is_some()
                || options.max_attempts().is_some()
                || options.region().is_some()
                || options.has_own_max_wait,
            is_pinned: options.region().is_some(),
            no_store: options.cache() == CacheUse::NoStore,
            stream_key: self.stream_key(request),
            is_under_draft: request.is_under_draft()
                || request.model_id().is_some_and(is_draft_prompt),
            ttl: options.cache_for(),
            tags: self.tags(request),
        }
    }

    fn possible_tags(&self, request: &Request<I>) -> Option<Arc<[Arc<str>]>> {
        Some(self.tags(request))
    }

    fn absent(&self, request: &Request<I>) -> Option<Result<I::Response, Error>> {
        let only_if_cached = request.options().cache() == CacheUse::OnlyIfCached;
        only_if_cached.then(|| Err(Error::not_cached(I::NAME)))
    }

    fn keep(&self, asked: &CacheContext, response: &I::Response) -> Option<Keep> {
        let meta = response.meta();
        if meta.origin.other_model {
            return None;
        }
        if I::Response::STREAMS {
            // One that cannot be recorded is not kept either.
            let is_kept = !asked.no_store && response.record().is_some();
            return is_kept.then(Keep::later);
        }
        // A walk of the output misses what a later SDK adds; the body has all of it.
        let output = I::weight(response).max(meta.body_bytes);
        let weight = Answer::weight(output, &meta.origin);
        self.rule.keep(asked, I::ending(response), weight)
    }

    fn later(&self, asked: &CacheContext, response: &mut I::Response, ticket: KeepTicket<Answer>) {
        if let Some((ends, record)) = response.ends().zip(response.record()) {
            ends.add(Box::new(KeepAtEnd {
                rule: self.rule,
                asked: asked.clone(),
                operation: I::NAME,
                origin: response.meta().origin.clone(),
                record: record.clone(),
                ticket,
                recorded: self.recorded.clone(),
            }));
        }
    }

    /// A stream is kept only if somebody reads it.
    fn unclaimed(&self, response: I::Response) {
        response.finish();
    }

    fn share(&self, response: &I::Response) -> Option<Answer> {
        let model = response.meta().model_id();
        Answer::of::<I>(response, model.map(|model| self.model(model).name))
    }

    /// An error that another attempt would not mend is everybody's, and so is one that the layer's
    /// own limits made final. Where the caller set limits of its own, others may get further; and where it
    /// named its Region what is wrong may be wrong there alone.
    fn share_error(&self, asked: &CacheContext, error: &Error) -> Option<Answer> {
        let is_everybodys = match error.kind() {
            ErrorKind::Invalid | ErrorKind::AccessDenied | ErrorKind::Exhausted => !asked.is_pinned,
            ErrorKind::Closed => true,
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
            | ErrorKind::QuotaRejected
            | ErrorKind::Closed => true,
        }
    }

    fn restore(&self, answer: Answer, status: CacheStatus) -> Option<Result<I::Response, Error>> {
        let goes_on = answer.goes_on();
        let result = answer.response::<I>(status, self.replay)?;
        if let Ok(response) = &result {
            let meta = response.meta();
            match response.ends().filter(|_| goes_on) {
                Some(ends) => ends.add(Box::new(SavedAtEnd {
                    savings: self.savings.clone(),
                    prices: Arc::clone(&self.prices),
                    model_id: meta.origin.model_id.clone(),
                })),
                None => self
                    .savings
                    .add(&self.prices, meta.model_id(), meta.saved()),
            }
        }
        Some(result)
    }

    fn mark(&self, response: &mut I::Response, status: CacheStatus) {
        response.meta_mut().cache = Some(status);
    }
}

impl CachePolicy {
    /// By what an answer to `request` is found again.
    fn tags<I: Operation>(&self, request: &Request<I>) -> Arc<[Arc<str>]> {
        let model = request.model_id().map(|model| self.model(model));
        let tenant = request.options().tenant().map(|tenant| {
            self.tenants
                .get(tenant, |tenant| format!("tenant:{tenant}"))
        });
        model
            .into_iter()
            .chain(tenant)
            .map(|name| name.tag)
            .collect()
    }

    fn model(&self, id: &str) -> Name {
        self.models.get(id, |id| format!("model:{}", one_name(id)))
    }

    /// The key under which a recorded stream stands for the answer to a request of this key.
    fn key_of_stream<I: Operation>(&self, key: CacheKey) -> Option<CacheKey> {
        let recorded = self.recorded.as_ref()?;
        let streamed = key.streamed();
        (I::NAME == ConverseInput::NAME && recorded.has(&streamed)).then_some(streamed)
    }

    /// The key of a stream that is to be found by others.
    fn stream_key<I: Operation>(&self, request: &Request<I>) -> Option<CacheKey> {
        if self.recorded.is_none() || I::STREAM_OF.is_none() {
            return None;
        }
        CacheKey::of(request, &self.scope).ok()
    }
}
