use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::{future::Future, pin::Pin, time::SystemTime};

use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::collect::{Collect, Collected};
use super::collecting::{Collecting, kept};
use super::purpose::{Keeping, Purpose};
use crate::http::answer::Answer;
use crate::http::failure::{Failure, FailureKind};
use crate::http::forwarded::{Call, Forwarded};
use crate::http::rules::{self, Lifetime};
use crate::http::stored::{HttpCaching, HttpKey, StoredResponse};
use crate::http::{body::HttpCacheBody, policy::HttpPolicy};
use crate::policy::CacheStatus;

pin_project! {
    /// A call to the inner service, and the body of what it answers if that is to be kept.
    pub(crate) struct OriginFuture<F, B>
    where
        B: Body,
    {
        #[pin]
        state: State<F, B>,
        purpose: Purpose,
        judge: Judge,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, B>
    where
        B: Body,
    {
        Calling { #[pin] call: F },
        Collecting { collecting: Option<Collecting<B>> },
    }
}

/// What is needed to say what becomes of a response.
struct Judge {
    policy: Arc<HttpPolicy>,
    cache: Arc<HttpCaching>,
    sent: Instant,
    forwarded: Forwarded,
}

impl<F, B: Body> OriginFuture<F, B> {
    pub(super) fn new(
        call: F,
        purpose: Purpose,
        forwarded: Forwarded,
        policy: Arc<HttpPolicy>,
        cache: Arc<HttpCaching>,
    ) -> Self {
        let judge = Judge {
            policy,
            cache,
            sent: Instant::now(),
            forwarded,
        };
        Self {
            state: State::Calling { call },
            purpose,
            judge,
        }
    }
}

impl<F, B, E> Future for OriginFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Answer<B>, Failure<E, B>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let StateProj::Calling { call } = this.state.as_mut().project() {
            let result = ready!(call.poll(cx));
            match this.judge.begin(result, this.purpose) {
                Begun::Collecting(collecting) => this.state.set(State::Collecting {
                    collecting: Some(collecting),
                }),
                Begun::Over(result) => return Poll::Ready(result),
            }
        }
        let StateProj::Collecting { collecting } = this.state.project() else {
            unreachable!("set above")
        };
        let collected = {
            let collecting = collecting.as_mut().expect("polled after completion");
            ready!(collecting.collect.poll(cx))
        };
        let collecting = collecting.take().expect("it was there");
        let Purpose::Keep(Keeping { key, .. }) = &*this.purpose else {
            unreachable!("nothing else is collected")
        };
        Poll::Ready(Ok(match collected {
            Collected::Whole(body, trailers) => {
                let answer = collecting.whole(key, body, trailers);
                this.judge.note(key, &answer);
                answer
            }
            Collected::TooLarge(body) => {
                this.judge.replace(key);
                collecting.alone(body)
            }
            Collected::Broken(body) => collecting.alone(body),
        }))
    }
}

/// What comes of a call at first.
enum Begun<B: Body, R> {
    Collecting(Collecting<B>),
    Over(R),
}

impl Judge {
    fn begin<B: Body, E>(
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
    fn note<B: Body>(&self, key: &HttpKey, answer: &Answer<B>) {
        match &answer.kept {
            Some(kept) if kept.stored.is_asked_for_each_time() => self.policy.unshared.add(key),
            Some(_) => self.policy.unshared.remove(key),
            None => {}
        }
    }

    /// Forgets what is stored: a newer response, which is not kept, tells what the resource is now.
    fn replace(&self, key: &HttpKey) {
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
