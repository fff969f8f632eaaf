//! What it costs to choose a Region, beside the same stack of one Region.

use std::{
    future::{Future, Ready, ready},
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use aws_sdk_bedrockruntime::operation::converse::{ConverseInput, ConverseOutput};
use tower::{Layer, Service};
use tower_bedrock::{
    Error, IntoRegion, Regions, Request, Response, StackLayer,
    policy::{ModelQuota, Quotas},
};

use super::{
    bedrock::{MODEL, REGION, answer, prompt},
    bedrock_call::runtime,
};
use crate::measure::{Candidate, Implementation};

/// The second Region is not asked, for the first has room.
pub(super) fn choice() -> Vec<Candidate> {
    both(|request| request)
}

/// Of a conversation it is remembered where its prompt is in the cache.
pub(super) fn choice_of_a_conversation() -> Vec<Candidate> {
    both(|request| request.conversation("of somebody"))
}

/// All of them go to the second Region, since the first has no room for long.
pub(super) fn choice_of_the_second() -> Vec<Candidate> {
    let input = prompt(2 << 10);
    let request = move || Request::new(input.clone());
    let none = ModelQuota::new().tokens_per_minute(0);
    let quotas = plenty().model_in(REGION, MODEL, none);
    vec![
        calls(Implementation::Ours, &two(), quotas, request.clone()),
        calls(Implementation::Bare, REGION, plenty(), request),
    ]
}

fn both(make: fn(Request<ConverseInput>) -> Request<ConverseInput>) -> Vec<Candidate> {
    let input = prompt(2 << 10);
    let request = move || make(Request::new(input.clone()));
    vec![
        calls(Implementation::Ours, &two(), plenty(), request.clone()),
        calls(Implementation::Bare, REGION, plenty(), request),
    ]
}

fn two() -> Regions<()> {
    Regions::of([(REGION, ()), ("us-west-2", ())])
}

fn plenty() -> Quotas {
    let quota = ModelQuota::new().tokens_per_minute(u64::MAX >> 20);
    Quotas::new().model(MODEL, quota)
}

/// A stack without a cache over a leaf that answers at once, whatever the Region.
fn calls(
    implementation: Implementation,
    regions: impl IntoRegion,
    quotas: Quotas,
    request: impl Fn() -> Request<ConverseInput> + 'static,
) -> Candidate {
    let stack = StackLayer::new(regions).quotas(quotas).without_cache();
    let stack = stack.layer(Leaf(answer()));
    let runtime = runtime();
    let call = move |request| {
        // Of attempts that take too long.
        let _guard = runtime.enter();
        let mut cx = Context::from_waker(Waker::noop());
        let mut stack = stack.clone();
        assert!(stack.poll_ready(&mut cx).is_ready());
        let answer = pin!(stack.call(request)).poll(&mut cx);
        assert!(matches!(black_box(answer), Poll::Ready(Ok(_))));
    };
    Candidate::given(implementation, request, call).share(0.2)
}

#[derive(Clone)]
struct Leaf(Response<ConverseOutput>);

impl Service<Request<ConverseInput>> for Leaf {
    type Response = Response<ConverseOutput>;
    type Error = Error;
    type Future = Ready<Result<Self::Response, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<ConverseInput>) -> Self::Future {
        ready(Ok(self.0.clone()))
    }
}
