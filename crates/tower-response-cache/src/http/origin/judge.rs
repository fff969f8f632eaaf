use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use tokio::time::Instant;

use super::collect::Collect;
use super::collecting::{Collecting, kept};
use super::purpose::{Keeping, Purpose};
use crate::http::answer::Answer;
use crate::http::failure::{Failure, FailureKind};
use crate::http::forwarded::{Call, Forwarded};
use crate::http::rules::{self, Lifetime};
use crate::http::stored::{HttpCaching, HttpKey, StoredResponse};
use crate::http::{body::HttpCacheBody, policy::HttpPolicy};
use crate::policy::CacheStatus;

/// What is needed to say what becomes of a response.
pub(super) struct Judge {
    pub(super) policy: Arc<HttpPolicy>,
    pub(super) cache: Arc<HttpCaching>,
    pub(super) sent: Instant,
    pub(super) forwarded: Forwarded,
}

/// What comes of a call at first.
#[expect(
    clippy::large_enum_variant,
    reason = "it moves into the future at once"
)]
pub(super) enum Begun<B: Body, R> {
    Collecting(Collecting<B>),
    Over(R),
}

impl Judge {
    /// What becomes of what the inner service answers.
    pub(super) fn begin<B: Body, E>(
        &self,
        result: Result<Response<B>, E>,
        purpose: &Purpose,
    ) -> Begun<B, Result<Answer<B>, Failure<E, B>>> {
        let keeping = match purpose {
            Purpose::Keep(keeping) => keeping,
            purpose => return Begun::Over(self.past(result, purpose)),
        };
        let key = &keeping.key;
        let res = match result {
            Ok(res) => res,
            Err(error) => {
                let call = Call::without_answer(self.forwarded);
                return Begun::Over(self.failed(keeping, FailureKind::Error(error), call));
            }
        };
        let call = self.call(res.status());
        self.outdate_get(key, &res);
        if rules::is_failure(res.status()) {
            return Begun::Over(self.failed(keeping, FailureKind::Down(boxed(res)), call));
        }
        if let (StatusCode::NOT_MODIFIED, Some(stored)) = (res.status(), &keeping.stored) {
            if rules::confirms(res.headers(), &stored.headers()) {
                return Begun::Over(Ok(self.confirm(key, stored, res.headers(), call)));
            }
            // It is about another response than the one that was asked about, and of no use to the caller.
            self.cache.remove(key);
            let mut res = res.map(HttpCacheBody::untouched);
            *res.status_mut() = StatusCode::BAD_GATEWAY;
            let kind = FailureKind::Down(Box::new(res));
            return Begun::Over(self.failed(keeping, kind, call));
        }
        let Some(lifetime) = self.lifetime(res.status(), res.headers()) else {
            return Begun::Over(self.not_kept(keeping, res, call));
        };
        let (parts, body) = res.into_parts();
        match Collect::new(body, self.policy.settings.max_body) {
            Ok(collect) => Begun::Collecting(Collecting {
                parts,
                collect,
                lifetime,
                arrived: Instant::now(),
                call,
            }),
            Err(body) => {
                let res = Response::from_parts(parts, body);
                Begun::Over(self.not_kept(keeping, res, call))
            }
        }
    }

    /// What becomes of a response that is not for the cache.
    fn past<B: Body, E>(
        &self,
        result: Result<Response<B>, E>,
        purpose: &Purpose,
    ) -> Result<Answer<B>, Failure<E, B>> {
        let res = result.map_err(|error| Failure {
            kind: FailureKind::Error(error),
            stale_is_better: false,
            call: Call::without_answer(self.forwarded),
        })?;
        let status = res.status();
        match purpose {
            // RFC 9111, section 4.4: an unsafe request that succeeded.
            Purpose::Invalidate(target) if status.is_success() || status.is_redirection() => {
                target.invalidate(res.headers(), &self.policy.generations);
            }
            Purpose::Look(key) => {
                let max = self.policy.settings.max_body as u64;
                let fits = res.body().size_hint().lower() <= max;
                if fits && self.lifetime(status, res.headers()).is_some() {
                    self.policy.unshared.remove(key);
                }
            }
            Purpose::Invalidate(_) | Purpose::Keep(_) | Purpose::Pass => {}
        }
        let call = self.call(status);
        Ok(Answer::alone(res.map(HttpCacheBody::untouched), call))
    }

    /// What is stored, with the fields of the 304 that says it is still good: RFC 9111, section 4.3.4.
    fn confirm<B: Body>(
        &self,
        key: &HttpKey,
        stored: &StoredResponse,
        told: &HeaderMap,
        call: Call,
    ) -> Answer<B> {
        let headers = stored.updated_headers(told);
        let lifetime = self.lifetime(stored.status(), &headers);
        let renewed = stored.confirmed(&headers, lifetime.unwrap_or(Lifetime::NONE), call);
        let mut answer = Answer::alone(renewed.of_call(), call);
        answer.kept = lifetime.and_then(|_| kept(key, renewed));
        if answer.kept.is_none() {
            self.replace(key);
        }
        self.note(key, &answer);
        answer
    }

    fn not_kept<B: Body, E>(
        &self,
        keeping: &Keeping,
        res: Response<B>,
        call: Call,
    ) -> Result<Answer<B>, Failure<E, B>> {
        if rules::replaces(res.status()) {
            self.replace(&keeping.key);
            return Ok(Answer::alone(res.map(HttpCacheBody::untouched), call));
        }
        // It says nothing about the resource, so what is stored stays.
        Err(Failure {
            kind: FailureKind::Refused(boxed(res)),
            stale_is_better: false,
            call,
        })
    }

    fn failed<B: Body, E>(
        &self,
        keeping: &Keeping,
        kind: FailureKind<E, B>,
        call: Call,
    ) -> Result<Answer<B>, Failure<E, B>> {
        let stored = self.cache.get(&keeping.key).map(|(stored, _)| stored);
        let stored = stored.filter(|stored| stored.is_better_than_a_failure());
        if let Some(stored) = &stored {
            let was_answered = !matches!(kind, FailureKind::Error(_));
            stored.note_failure(if was_answered { call.status } else { 0 });
            if keeping.stands_in {
                let (name, status) = (self.policy.settings.name, CacheStatus::StaleIfError);
                return Ok(Answer::said(stored.response(name, status)));
            }
        }
        Err(Failure {
            kind,
            stale_is_better: stored.is_some(),
            call,
        })
    }

    /// How long a response that comes now may be kept, if at all.
    fn lifetime(&self, status: StatusCode, headers: &HeaderMap) -> Option<Lifetime> {
        let (settings, delay) = (&self.policy.settings, self.sent.elapsed());
        rules::lifetime(status, headers, settings, delay, SystemTime::now())
    }

    fn call(&self, status: StatusCode) -> Call {
        Call {
            forwarded: self.forwarded,
            status: status.as_u16(),
        }
    }

    /// Notes whether the next callers can share an answer.
    pub(super) fn note<B: Body>(&self, key: &HttpKey, answer: &Answer<B>) {
        match &answer.kept {
            Some(kept) if kept.stored.is_asked_for_each_time() => self.policy.unshared.add(key),
            Some(_) => self.policy.unshared.remove(key),
            None => {}
        }
    }

    /// Forgets what is stored: a newer response, which is not kept, tells what the resource is now.
    pub(super) fn replace(&self, key: &HttpKey) {
        self.cache.remove(key);
        self.policy.unshared.add(key);
    }

    /// Forgets the answer to GET that an answer to HEAD shows to be outdated.
    fn outdate_get<B>(&self, key: &HttpKey, res: &Response<B>) {
        if !key.is_of_head() || res.status() != StatusCode::OK {
            return;
        }
        let get = key.of_get();
        let stored = self.cache.get(&get).map(|(stored, _)| stored);
        if stored.is_some_and(|stored| rules::outdates(res.headers(), &stored.headers())) {
            self.cache.remove(&get);
        }
    }
}

fn boxed<B: Body>(res: Response<B>) -> Box<Response<HttpCacheBody<B>>> {
    Box::new(res.map(HttpCacheBody::untouched))
}
