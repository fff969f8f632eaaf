use super::{
    future::{CountTokensFuture, Waiting},
    shared::Shared,
};
use crate::{
    error::Error, model_id::base_model, operation::Operation, request::Request, response::Response,
};
use aws_sdk_bedrockruntime::operation::count_tokens::{CountTokensInput, CountTokensOutput};
use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::time::Instant;
use tower_service::Service;

/// Has the input tokens of requests counted before the inner service gets them.
///
/// The count goes into the request's [`input_tokens`](Request::input_tokens), which a quota layer
/// reserves in place of its estimate. Requests of Converse and InvokeModel are counted that
/// [ask for it](Request::count_tokens) and have no count yet. Bedrock counts for models and not for
/// inference profiles, so a profile's model is asked. An ARN that does not name its model is counted
/// where it is known what it [stands for](Request::stands_for).
///
/// A failed count fails no request: the request goes on without one. The model is then not asked for a
/// while, whatever the reason, since most often it does not support counting.
///
/// # Cancellation
///
/// Dropping the request drops its count too.
#[derive(Clone)]
pub struct CountTokens<S, C> {
    inner: S,
    counter: C,
    shared: Arc<Shared>,
}

impl<S, C> CountTokens<S, C> {
    pub(super) fn new(inner: S, counter: C, shared: Arc<Shared>) -> Self {
        Self {
            inner,
            counter,
            shared,
        }
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Gives the inner service back.
    pub fn into_inner(self) -> S {
        self.inner
    }

    /// What to ask for `request`, and which model, if it is to be counted.
    fn question<I: Operation>(
        &self,
        request: &Request<I>,
        now: Instant,
    ) -> Option<(Box<str>, Request<CountTokensInput>)> {
        let options = request.options();
        let wanted = self.shared.settings.all || options.count_tokens();
        if !wanted || options.input_tokens().is_some() {
            return None;
        }
        let model = base_model(request.quota_model()?)?;
        if !self.shared.failures.may_ask(model, now) {
            return None;
        }
        let input = CountTokensInput::builder()
            .model_id(model)
            .input(request.to_count()?)
            .build()
            .ok()?;
        let mut question = Request::new(input).priority(options.priority());
        if let Some(region) = &options.region {
            question = question.region(Arc::clone(region));
        }
        if let Some(tenant) = &options.tenant {
            question = question.tenant(Arc::clone(tenant));
        }
        if let Some(deadline) = self.deadline(request, now) {
            question = question.deadline(deadline);
        }
        Some((model.into(), question))
    }

    /// When the wait for a count ends, if ever.
    fn deadline<I>(&self, request: &Request<I>, now: Instant) -> Option<Instant> {
        let patience = now.checked_add(self.shared.settings.patience);
        let own = request.options().deadline();
        [patience, own].into_iter().flatten().min()
    }
}

impl<I, S, C> Service<Request<I>> for CountTokens<S, C>
where
    I: Operation,
    S: Service<Request<I>> + Clone,
    C: Service<Request<CountTokensInput>, Response = Response<CountTokensOutput>, Error = Error>
        + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = CountTokensFuture<I, S, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<I>) -> Self::Future {
        let now = Instant::now();
        let Some((model, question)) = self.question(&request, now) else {
            return CountTokensFuture::called(self.inner.call(request));
        };
        // The one that was polled ready goes with the request.
        let clone = self.inner.clone();
        let waiting = Waiting {
            inner: mem::replace(&mut self.inner, clone),
            request,
            model,
            shared: Arc::clone(&self.shared),
        };
        CountTokensFuture::counting(self.counter.clone(), question, waiting)
    }
}

impl<S: fmt::Debug, C> fmt::Debug for CountTokens<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountTokens")
            .field("inner", &self.inner)
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
