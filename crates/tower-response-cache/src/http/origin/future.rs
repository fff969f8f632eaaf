use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::{future::Future, pin::Pin, time::SystemTime};

use http::{HeaderMap, Response, header, response::Parts};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::collect::{Collect, Collected};
use crate::http::answer::{Answer, Kept};
use crate::http::rules::{self, Lifetime};
use crate::http::stored::{HttpCaching, HttpKey, StoredResponse};
use crate::http::{body::HttpCacheBody, failure::Failure, policy::HttpPolicy};
use crate::policy::Keep;

/// What a call is made for, beside its caller.
pub(super) enum Purpose {
    /// Its answer may be kept under this key.
    Keep(HttpKey),
    /// Its answer is for its caller alone, as that to the last request with this key was. It tells
    /// whether the next one will be, too.
    Look(HttpKey),
    /// It may change what this target answers.
    Invalidate(Vec<u8>),
    /// Nothing.
    Pass,
}

pin_project! {
    /// A call to the inner service, and the body of what it answers if that is to be kept.
    pub(crate) struct OriginFuture<F, B>
    where
        B: Body,
    {
        #[pin]
        state: State<F, B>,
        purpose: Purpose,
        policy: Arc<HttpPolicy>,
        cache: Arc<HttpCaching>,
        sent: Instant,
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

struct Collecting<B> {
    parts: Parts,
    collect: Collect<B>,
    lifetime: Lifetime,
    arrived: Instant,
}

impl<F, B: Body> OriginFuture<F, B> {
    pub(super) fn new(
        call: F,
        purpose: Purpose,
        policy: Arc<HttpPolicy>,
        cache: Arc<HttpCaching>,
    ) -> Self {
        Self {
            state: State::Calling { call },
            purpose,
            policy,
            cache,
            sent: Instant::now(),
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
            let res = ready!(call.poll(cx)).map_err(Failure::Error)?;
            let key = match &*this.purpose {
                Purpose::Keep(key) => key,
                Purpose::Invalidate(target) => {
                    // RFC 9111, section 4.4: an unsafe request that succeeded.
                    if res.status().is_success() || res.status().is_redirection() {
                        this.policy.generations.invalidate(target);
                    }
                    return Poll::Ready(Ok(alone(res)));
                }
                Purpose::Look(key) => {
                    let max = this.policy.settings.max_body as u64;
                    let fits = res.body().size_hint().lower() <= max;
                    if fits && judge(&res, this.policy, *this.sent).is_some() {
                        this.policy.unshared.remove(key);
                    }
                    return Poll::Ready(Ok(alone(res)));
                }
                Purpose::Pass => return Poll::Ready(Ok(alone(res))),
            };
            if rules::is_failure(res.status()) {
                return Poll::Ready(Err(failure(res, true)));
            }
            match begin(res, this.policy, *this.sent) {
                Ok(collecting) => this.state.set(State::Collecting {
                    collecting: Some(collecting),
                }),
                Err(res) if rules::replaces(res.status()) => {
                    replace(this.policy, this.cache, key);
                    return Poll::Ready(Ok(alone(res)));
                }
                // It says nothing about the resource, so what is stored stays.
                Err(res) => return Poll::Ready(Err(failure(res, false))),
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
        let Purpose::Keep(key) = &*this.purpose else {
            unreachable!("nothing else is collected")
        };
        Poll::Ready(Ok(match collected {
            Collected::Whole(body, trailers) => {
                let answer = collecting.whole(key, body, trailers);
                if answer.kept.is_some() {
                    this.policy.unshared.remove(key);
                }
                answer
            }
            Collected::TooLarge(body) => {
                replace(this.policy, this.cache, key);
                Answer::alone(Response::from_parts(collecting.parts, body))
            }
            Collected::Broken(body) => Answer::alone(Response::from_parts(collecting.parts, body)),
        }))
    }
}

/// How long a response that comes now may be kept, if at all.
fn judge<B>(res: &Response<B>, policy: &HttpPolicy, sent: Instant) -> Option<Lifetime> {
    let (status, headers, delay) = (res.status(), res.headers(), sent.elapsed());
    rules::lifetime(status, headers, &policy.settings, delay, SystemTime::now())
}

/// Begins to read what is to be kept; `Err` gives back what is not.
fn begin<B: Body>(
    res: Response<B>,
    policy: &HttpPolicy,
    sent: Instant,
) -> Result<Collecting<B>, Response<B>> {
    let Some(lifetime) = judge(&res, policy, sent) else {
        return Err(res);
    };
    let (parts, body) = res.into_parts();
    match Collect::new(body, policy.settings.max_body) {
        Ok(collect) => Ok(Collecting {
            parts,
            collect,
            lifetime,
            arrived: Instant::now(),
        }),
        Err(body) => Err(Response::from_parts(parts, body)),
    }
}

fn alone<B: Body>(res: Response<B>) -> Answer<B> {
    Answer::alone(res.map(HttpCacheBody::untouched))
}

fn failure<E, B: Body>(res: Response<B>, stale_is_better: bool) -> Failure<E, B> {
    Failure::Response {
        res: Box::new(res.map(HttpCacheBody::untouched)),
        stale_is_better,
    }
}

/// Forgets what is stored: a newer response, which is not kept, tells what the resource is now.
fn replace(policy: &HttpPolicy, cache: &HttpCaching, key: &HttpKey) {
    cache.remove(key);
    policy.unshared.add(key);
}

impl<B: Body> Collecting<B> {
    fn whole(self, key: &HttpKey, body: bytes::Bytes, trailers: Option<HeaderMap>) -> Answer<B> {
        let Self {
            parts,
            lifetime,
            arrived,
            ..
        } = self;
        let complete = is_complete(&parts, key, body.len());
        let kept = complete.then(|| {
            let times = (lifetime, arrived);
            let (status, headers) = (parts.status, &parts.headers);
            let stored =
                StoredResponse::new(status, headers, body.clone(), trailers.as_ref(), times);
            let weight = stored.weight() + key.weight();
            // Its life began when it arrived, and its body may have taken a while since.
            let keep = Keep::new(lifetime.ttl.saturating_sub(arrived.elapsed()))
                .stale_while_revalidate(lifetime.while_revalidate)
                .stale_if_error(lifetime.if_error)
                .weight(weight as u64);
            Kept {
                keep,
                stored: Arc::new(stored),
            }
        });
        let kept = kept.filter(|kept| !kept.keep.ttl.is_zero());
        let res = Response::from_parts(parts, HttpCacheBody::whole(body, trailers));
        Answer { res, kept }
    }
}

/// Whether a body is as long as the response says. RFC 9111, section 3.3: an incomplete one is not kept.
fn is_complete(parts: &Parts, key: &HttpKey, len: usize) -> bool {
    let length = parts.headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    key.is_of_head() || length.is_none_or(|length| length == len)
}
