//! Which answers of several Regions a cache keeps.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;
#[path = "common/regions.rs"]
mod two;

use aws_sdk_bedrockruntime::operation::converse::{ConverseInput, ConverseOutput};
use bedrock_sim::{Fault, Model, Simulator};
use common::{MODEL, prompt, stream_prompt};
use tower::{Layer, ServiceExt};
use tower_bedrock::{CacheStatus, Regions, Request, StackLayer};
use two::{EAST, WEST, admitted, listed};

const OTHER: &str = "us.amazon.nova-pro-v1:0";

fn simulator() -> Simulator {
    common::simulator().model(Model::new(OTHER))
}

/// How the cache took part in one call and in the next of the same, and who answered that.
async fn twice<S>(stack: &S, request: Request<ConverseInput>) -> [(Option<CacheStatus>, String); 2]
where
    S: Clone
        + tower::Service<
            Request<ConverseInput>,
            Response = tower_bedrock::Response<ConverseOutput>,
            Error = tower_bedrock::Error,
        >,
{
    let mut seen = Vec::new();
    for _ in 0..2 {
        let answer = stack.clone().oneshot(request.clone()).await.unwrap();
        let model = answer.meta().model_id().unwrap().to_owned();
        seen.push((answer.meta().cache(), model));
    }
    seen.try_into().unwrap()
}

fn only(regions: Regions) -> tower_bedrock::Stack<Regions> {
    StackLayer::new(&regions).layer(regions)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_another_model_answered_is_not_kept_as_the_answer_of_the_one_that_was_asked() {
    let (east, west) = (simulator(), simulator());
    let stack = only(listed(&east, &west).or_model(MODEL, OTHER));
    for sim in [&east, &west] {
        sim.script([Fault::service_unavailable().model(MODEL).times(1)]);
    }
    let [first, second] = twice(&stack, prompt("hello").into()).await;
    assert_eq!(first, (Some(CacheStatus::Miss), OTHER.to_owned()));
    assert_eq!(second, (Some(CacheStatus::Miss), MODEL.to_owned()));
    let [third, _] = twice(&stack, prompt("hello").into()).await;
    assert_eq!(third, (Some(CacheStatus::Hit), MODEL.to_owned()));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn nor_is_a_stream_of_another_model() {
    let (east, west) = (simulator(), simulator());
    let stack = only(listed(&east, &west).or_model(MODEL, OTHER));
    for sim in [&east, &west] {
        sim.script([Fault::service_unavailable().model(MODEL).times(1)]);
    }
    for (status, model) in [
        (CacheStatus::Miss, OTHER),
        (CacheStatus::Miss, MODEL),
        (CacheStatus::Hit, MODEL),
    ] {
        let request = Request::new(stream_prompt("hello"));
        let stream = stack.clone().oneshot(request).await.unwrap();
        assert_eq!(stream.meta().cache(), Some(status));
        assert_eq!(stream.meta().model_id(), Some(model));
        stream.message().await.unwrap();
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn equal_requests_share_answers_of_all_regions() {
    let (east, west) = (simulator(), simulator());
    let stack = only(listed(&east, &west));
    let in_west = Request::new(prompt("hello")).region(WEST);
    let answer = stack.clone().oneshot(in_west).await.unwrap();
    assert_eq!(answer.meta().region(), Some(WEST));
    let answer = stack.oneshot(prompt("hello").into()).await.unwrap();
    assert_eq!(answer.meta().cache(), Some(CacheStatus::Hit));
    assert_eq!(
        answer.meta().region(),
        Some(WEST),
        "that of the call that brought it"
    );
    assert_eq!((admitted(&east), admitted(&west)), (0, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn unless_the_answers_of_the_first_alone_are_to_be_kept() {
    let (east, west) = (simulator(), simulator());
    let stack = only(listed(&east, &west).share_answers(false));
    let call = |text: &str, region: Option<&'static str>| {
        let request = Request::new(prompt(text));
        let request = match region {
            Some(region) => request.region(region),
            None => request,
        };
        let stack = stack.clone();
        async move {
            let answer = stack.oneshot(request).await.unwrap();
            (
                answer.meta().cache(),
                answer.meta().region().unwrap().to_owned(),
            )
        }
    };
    // What is pinned to another Region goes past the cache.
    assert_eq!(
        call("a", Some(WEST)).await,
        (Some(CacheStatus::Bypass), WEST.to_owned())
    );
    assert_eq!(
        call("a", None).await,
        (Some(CacheStatus::Miss), EAST.to_owned())
    );
    assert_eq!(
        call("a", Some(WEST)).await,
        (Some(CacheStatus::Bypass), WEST.to_owned())
    );
    assert_eq!(
        call("a", Some(EAST)).await,
        (Some(CacheStatus::Hit), EAST.to_owned())
    );
    // And what was moved there is not kept.
    east.script([Fault::throttling().times(1)]);
    assert_eq!(
        call("b", None).await,
        (Some(CacheStatus::Miss), WEST.to_owned())
    );
    assert_eq!(
        call("b", None).await,
        (Some(CacheStatus::Miss), EAST.to_owned())
    );
    assert_eq!(
        call("b", None).await,
        (Some(CacheStatus::Hit), EAST.to_owned())
    );
}

/// Others may go where it may not.
#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_error_of_a_pinned_call_is_not_everybodys() {
    let (east, west) = (simulator(), simulator());
    let stack = only(listed(&east, &west));
    west.script([Fault::service_unavailable().times(1000)]);
    let pinned = Request::new(prompt("hello")).region(WEST);
    let pinned = tokio::spawn(stack.clone().oneshot(pinned));
    tokio::task::yield_now().await;
    let free = stack.oneshot(prompt("hello").into()).await.unwrap();
    assert!(pinned.await.unwrap().is_err());
    assert_eq!(free.meta().region(), Some(EAST));
}
