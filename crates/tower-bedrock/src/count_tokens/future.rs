use super::shared::Shared;
use crate::{error::Error, request::Request, response::Response, timer::poll_timer};
use aws_sdk_bedrockruntime::operation::count_tokens::{CountTokensInput, CountTokensOutput};
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::time::{Instant, Sleep, sleep_until};
use tower_service::Service;

pin_project! {
    /// The future of a [`CountTokens`](super::CountTokens).
    pub struct CountTokensFuture<I, S, C>
    where
        S: Service<Request<I>>,
        C: Service<Request<CountTokensInput>>,
    {
        #[pin]
        stage: Stage<S::Future, C, C::Future>,
        // Taken when the inner service is called, so that it is called once.
        waiting: Option<Waiting<I, S>>,
        #[pin]
        patience: Option<Sleep>,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<F, C, G> {
        Readying { counter: C, question: Option<Request<CountTokensInput>> },
        Counting { #[pin] count: G },
        Called { #[pin] future: F },
        Done,
    }
}

/// The request that waits for its count.
pub(super) struct Waiting<I, S> {
    pub(super) inner: S,
    pub(super) request: Request<I>,
    pub(super) model: Box<str>,
    pub(super) shared: Arc<Shared>,
}

impl<I, S, C> CountTokensFuture<I, S, C>
where
    S: Service<Request<I>>,
    C: Service<Request<CountTokensInput>>,
{
    pub(super) fn called(future: S::Future) -> Self {
        Self {
            stage: Stage::Called { future },
            waiting: None,
            patience: None,
        }
    }

    /// Waits for the count until the question's deadline.
    pub(super) fn counting(
        counter: C,
        question: Request<CountTokensInput>,
        waiting: Waiting<I, S>,
    ) -> Self {
        let deadline = question.options().deadline();
        Self {
            stage: Stage::Readying {
                counter,
                question: Some(question),
            },
            waiting: Some(waiting),
            patience: deadline.map(sleep_until),
        }
    }
}

impl<I, S> Waiting<I, S> {
    /// Sends the request on, with its count if there is one.
    fn go_on(mut self, counted: Option<u64>) -> S::Future
    where
        S: Service<Request<I>>,
    {
        match counted {
            Some(tokens) => {
                self.shared.failures.counted();
                self.request = self.request.input_tokens(tokens);
            }
            None => {
                let now = Instant::now();
                let own = self.request.options().deadline();
                // The caller's own deadline cut the count short, which says nothing about the model.
                let hurried = own.is_some_and(|deadline| deadline <= now);
                let until = now
                    .checked_add(self.shared.settings.pause)
                    .filter(|_| !hurried);
                self.shared.failures.failed(self.model, now, until);
            }
        }
        self.inner.call(self.request)
    }
}

impl<I, S, C> Future for CountTokensFuture<I, S, C>
where
    S: Service<Request<I>>,
    C: Service<Request<CountTokensInput>, Response = Response<CountTokensOutput>, Error = Error>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let counted = match this.stage.as_mut().project() {
                StageProj::Readying { counter, question } => match counter.poll_ready(cx) {
                    Poll::Ready(Ok(())) => {
                        let question = question.take().expect("a question is asked once");
                        let count = counter.call(question);
                        this.stage.set(Stage::Counting { count });
                        continue;
                    }
                    Poll::Ready(Err(_)) => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                },
                StageProj::Counting { count } => count.poll(cx).map(|result| {
                    let answer = result.ok()?;
                    u64::try_from(answer.input_tokens).ok()
                }),
                StageProj::Called { future } => {
                    let result = ready!(future.poll(cx));
                    // Before the result is out: whoever has it may rely on the call being over.
                    this.stage.set(Stage::Done);
                    return Poll::Ready(result);
                }
                StageProj::Done => panic!("polled after it was done"),
            };
            let counted = match counted {
                Poll::Ready(counted) => counted,
                Poll::Pending => match this.patience.as_mut().as_pin_mut() {
                    Some(patience) => {
                        ready!(poll_timer(patience, cx));
                        None
                    }
                    None => return Poll::Pending,
                },
            };
            let waiting = this.waiting.take().expect("a request goes on once");
            let future = waiting.go_on(counted);
            this.patience.set(None);
            this.stage.set(Stage::Called { future });
        }
    }
}

impl<I, S, C> fmt::Debug for CountTokensFuture<I, S, C>
where
    S: Service<Request<I>>,
    C: Service<Request<CountTokensInput>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Readying { .. } => "readying",
            Stage::Counting { .. } => "counting",
            Stage::Called { .. } => "called",
            Stage::Done => "done",
        };
        f.debug_struct("CountTokensFuture")
            .field("stage", &stage)
            .finish_non_exhaustive()
    }
}
