use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::{future::Future, pin::Pin};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::collect::Collected;
use super::collecting::Collecting;
use super::judge::{Begun, Judge};
use super::purpose::{Keeping, Purpose};
use crate::http::answer::Answer;
use crate::http::failure::Failure;
use crate::http::forwarded::Forwarded;
use crate::http::policy::HttpPolicy;
use crate::http::stored::HttpCaching;

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
