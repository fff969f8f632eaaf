//! Which model is asked where: nothing crosses a geography by itself, and another model only answers where the
//! user lists it.

mod common;
#[path = "common/regions.rs"]
mod two;

use aws_sdk_bedrockruntime::operation::converse::ConverseInput;
use bedrock_sim::{Fault, Model, Simulator};
use common::{BASE_MODEL, MODEL, prompt};
use std::{sync::Arc, time::Duration};
use tower::ServiceExt;
use tower_bedrock::{
    ErrorKind, Regions, Request, Stack,
    policy::{ModelQuota, Quotas},
};
use two::{EAST, WEST, admitted, bedrock_in, call, stack_of};

const IRELAND: &str = "eu-west-1";
const EU_MODEL: &str = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
const SMALL: &str = "us.amazon.nova-lite-v1:0";

fn both(us: &Simulator, eu: &Simulator) -> Regions {
    Regions::of([
        (EAST, bedrock_in(us, EAST)),
        (IRELAND, bedrock_in(eu, IRELAND)),
    ])
}

fn everything() -> Simulator {
    let ids = [MODEL, EU_MODEL, BASE_MODEL, SMALL];
    ids.into_iter()
        .fold(Simulator::new(), |sim, id| sim.model(Model::new(id)))
}

fn asked(model: &str, text: &str) -> Request<ConverseInput> {
    let mut input = prompt(text);
    input.model_id = Some(model.to_owned());
    input.into()
}

async fn answered(stack: &Stack<Regions>, request: Request<ConverseInput>) -> (String, String) {
    let answer = stack
        .clone()
        .oneshot(request)
        .await
        .expect("it is answered");
    let meta = answer.meta();
    let [region, model] = [meta.region(), meta.model_id()].map(|name| name.map(str::to_owned));
    (region.unwrap_or_default(), model.unwrap_or_default())
}

fn pair(region: &str, model: &str) -> (String, String) {
    (region.to_owned(), model.to_owned())
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn nothing_crosses_a_geography_by_itself() {
    let (us, eu) = (everything(), everything());
    let (stack, handle) = stack_of(both(&us, &eu), Quotas::new());
    for (model, region) in [(MODEL, EAST), (EU_MODEL, IRELAND), (BASE_MODEL, EAST)] {
        assert_eq!(
            answered(&stack, asked(model, model)).await,
            pair(region, model)
        );
    }
    // Not even if there is no other way.
    for model in [MODEL, BASE_MODEL] {
        let key: Arc<str> = format!("{EAST}/{model}").into();
        handle.circuits().handle(&key).force_open();
        let error = stack
            .clone()
            .oneshot(asked(model, "open"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CircuitOpen);
    }
    let sent = admitted(&us);
    let nowhere = stack
        .clone()
        .oneshot(asked("jp.a.model", "one"))
        .await
        .unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::Invalid);
    let said = nowhere.to_string();
    assert!(
        said.contains("none of the Regions that are listed, us-east-1, eu-west-1"),
        "{said}"
    );
    assert!(said.contains("`Regions::model_in`"), "{said}");
    assert_eq!(nowhere.attempts(), Some(0));
    assert_eq!(admitted(&us), sent);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_rule_says_what_a_model_is_called_elsewhere() {
    let (us, eu) = (everything(), everything());
    let regions = both(&us, &eu).model_in(IRELAND, "us.", "eu.");
    let (stack, handle) = stack_of(regions, Quotas::new());
    us.script([Fault::service_unavailable().times(1000)]);
    assert_eq!(
        answered(&stack, asked(MODEL, "a")).await,
        pair(IRELAND, EU_MODEL)
    );
    let key = format!("{IRELAND}/{EU_MODEL}");
    assert!(
        handle.snapshot().model(&key).is_some(),
        "it counts as what it is there"
    );
    // Of others it says nothing.
    us.script([Fault::service_unavailable().model(BASE_MODEL).times(1)]);
    let request = asked(BASE_MODEL, "b").max_attempts(std::num::NonZeroU32::MIN);
    let error = stack.oneshot(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Capacity);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_closure_may_name_a_profile_of_each_region() {
    let arn = |region: &str| {
        format!("arn:aws:bedrock:{region}:123456789012:application-inference-profile/{region}")
    };
    let sim = |region: &str| Simulator::new().model(Model::new(MODEL).also_called(arn(region)));
    let (east, west) = (sim(EAST), sim(WEST));
    let regions = two::listed(&east, &west).models(move |region: &str, model: &str| {
        model
            .contains("application-inference-profile")
            .then(|| arn(region))
    });
    let (stack, handle) = stack_of(regions, Quotas::new());
    let request = |text| asked(&arn(EAST), text).stands_for(MODEL);
    assert_eq!(answered(&stack, request("a")).await, pair(EAST, &arn(EAST)));
    let key: Arc<str> = format!("{EAST}/{MODEL}").into();
    handle.circuits().handle(&key).force_open();
    assert_eq!(answered(&stack, request("b")).await, pair(WEST, &arn(WEST)));
    assert!(
        handle
            .snapshot()
            .model(&format!("{WEST}/{MODEL}"))
            .is_some()
    );
}

/// Two Regions whose quota of [`MODEL`] is used up for a minute, and another model beside it.
async fn spent() -> (Simulator, Simulator, Stack<Regions>) {
    let sim = || {
        let models = [Model::new(MODEL).requests_per_minute(6), Model::new(SMALL)];
        models.into_iter().fold(Simulator::new(), Simulator::model)
    };
    let (east, west) = (sim(), sim());
    let regions = two::listed(&east, &west).or_model(MODEL, SMALL);
    let quota = ModelQuota::new().requests_per_minute(6);
    let (stack, _) = stack_of(regions, Quotas::new().model(MODEL, quota));
    for number in 0..40 {
        if answered(&stack, asked(MODEL, &number.to_string())).await.1 == SMALL {
            return (east, west, stack);
        }
    }
    panic!("the other model should have answered by now");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn another_model_answers_when_all_regions_are_spent() {
    let (_, _, stack) = spent().await;
    let (answer, wait) = call(&stack, "hello").await;
    let answer = answer.unwrap();
    assert_eq!(answer.meta().model_id(), Some(SMALL));
    assert_eq!(answer.meta().region(), Some(EAST));
    assert_eq!(wait, Duration::ZERO);
    // Who asks for another model gets no other.
    let (region, model) = answered(&stack, asked(SMALL, "hello")).await;
    assert_eq!((&*region, &*model), (EAST, SMALL));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_is_wrong_with_another_model_is_not_the_callers() {
    let (east, west, stack) = spent().await;
    for sim in [&east, &west] {
        sim.script([Fault::validation()
            .message("too long for me")
            .model(SMALL)
            .times(1000)]);
    }
    let (answer, wait) = call(&stack, "hello").await;
    assert_eq!(
        answer.unwrap().meta().model_id(),
        Some(MODEL),
        "it waits for what it asked"
    );
    assert!(wait > Duration::from_secs(3), "{wait:?}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn another_model_answers_when_all_regions_fail() {
    let (east, west) = (everything(), everything());
    let regions = two::listed(&east, &west).or_model(MODEL, SMALL);
    let (stack, _) = stack_of(regions, Quotas::new());
    for sim in [&east, &west] {
        sim.script([Fault::service_unavailable().model(MODEL).times(1000)]);
    }
    assert_eq!(answered(&stack, asked(MODEL, "a")).await, pair(EAST, SMALL));
    // If it fails as well, the error is that of what was asked for.
    for sim in [&east, &west] {
        sim.script([Fault::throttling().model(SMALL).times(1000)]);
    }
    let request = asked(MODEL, "b").max_attempts(std::num::NonZeroU32::MIN);
    let error = stack.clone().oneshot(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Capacity, "{error}");
    assert_eq!(error.model_id(), Some(MODEL));
    // The caller's own fault is no reason for another model.
    for sim in [&east, &west] {
        sim.reset();
        sim.script([Fault::validation()
            .message("It is wrong.")
            .model(MODEL)
            .times(1000)]);
    }
    let error = stack.oneshot(asked(MODEL, "c")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}
