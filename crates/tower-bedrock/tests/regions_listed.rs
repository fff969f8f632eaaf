//! The Regions that the user lists: who answers for each, and what the layers make of that.

mod common;

use aws_sdk_bedrockruntime::config::{BehaviorVersion, Region};
use aws_types::SdkConfig;
use bedrock_sim::Simulator;
use common::{MODEL, prompt, simulator, stream_prompt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, ErrorKind, Regions, Request, StackLayer,
    policy::{ModelQuota, Quotas},
};

fn bedrock(sim: &Simulator, region: &'static str) -> Bedrock {
    Bedrock::new(sim.sdk_config().region(Region::new(region)))
}

fn two(east: &Simulator, west: &Simulator) -> Regions {
    Regions::of([
        ("us-east-1", bedrock(east, "us-east-1")),
        ("us-west-2", bedrock(west, "us-west-2")),
    ])
}

fn admitted(sim: &Simulator) -> u64 {
    sim.usage().model(MODEL).map_or(0, |usage| usage.admitted)
}

fn panics<T>(make: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(make()))) else {
        panic!("it should have panicked");
    };
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .expect("a panic has a text")
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_request_goes_where_it_says_and_else_to_the_first() {
    let (east, west) = (simulator(), simulator());
    let regions = two(&east, &west);
    assert_eq!(
        regions.names().collect::<Vec<_>>(),
        ["us-east-1", "us-west-2"]
    );
    assert_eq!(
        regions.get("us-west-2").and_then(Bedrock::region),
        Some("us-west-2")
    );
    let clone = regions.clone();
    let first = regions.oneshot(prompt("one").into()).await.unwrap();
    assert_eq!(first.meta().region(), Some("us-east-1"));
    let second = Request::new(prompt("two")).region("us-west-2");
    let second = clone.clone().oneshot(second).await.unwrap();
    assert_eq!(second.meta().region(), Some("us-west-2"));
    assert_eq!((admitted(&east), admitted(&west)), (1, 1));
    let stream = Request::new(stream_prompt("three")).region("us-west-2");
    let stream = clone.clone().oneshot(stream).await.unwrap();
    assert_eq!(stream.meta().region(), Some("us-west-2"));

    let nowhere = Request::new(prompt("four")).region("eu-west-1");
    let error = clone.oneshot(nowhere).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let said = error.to_string();
    assert!(
        said.contains("eu-west-1, which is not listed: us-east-1, us-west-2"),
        "{said}"
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_region_may_be_listed_for_several_accounts() {
    let (own, batch) = (
        simulator(),
        simulator().model(bedrock_sim::Model::new("other")),
    );
    let regions = Regions::of([
        ("us-east-1", bedrock(&own, "us-east-1")),
        ("us-east-1 batch", bedrock(&batch, "us-east-1")),
    ]);
    let answer = Request::new(prompt("one")).region("us-east-1 batch");
    let answer = regions.clone().oneshot(answer).await.unwrap();
    assert_eq!(answer.meta().region(), Some("us-east-1 batch"));
    let mut unknown = prompt("two");
    unknown.model_id = Some("nobody's".to_owned());
    let unknown = Request::new(unknown).region("us-east-1 batch");
    let error = regions.oneshot(unknown).await.unwrap_err();
    assert_eq!(error.region(), Some("us-east-1 batch"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_single_client_refuses_what_is_to_go_to_another_region() {
    let sim = simulator();
    let request = || Request::new(prompt("one")).region("us-west-2");
    let alone = bedrock(&sim, "us-east-1")
        .oneshot(request())
        .await
        .unwrap_err();
    let stack = StackLayer::new("us-east-1").layer(bedrock(&sim, "us-east-1"));
    let stacked = stack.clone().oneshot(request()).await.unwrap_err();
    let of_two = StackLayer::new(&two(&sim, &sim)).layer(bedrock(&sim, "us-east-1"));
    let mistaken = of_two.oneshot(request()).await.unwrap_err();
    for error in [&alone, &stacked, &mistaken] {
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    assert!(
        mistaken.to_string().contains("hand these to its `layer`"),
        "{mistaken}"
    );
    assert!(
        stacked
            .to_string()
            .contains("us-west-2, which is not listed"),
        "{stacked}"
    );
    assert_eq!(stacked.attempts(), Some(0));
    assert_eq!(admitted(&sim), 0);
    let own = Request::new(prompt("one")).region("us-east-1");
    stack.oneshot(own).await.unwrap();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn quotas_and_circuits_are_those_of_the_region_that_is_asked() {
    let (east, west) = (simulator(), simulator());
    let regions = two(&east, &west);
    let quota = |calls| ModelQuota::new().requests_per_minute(calls);
    let quotas = Quotas::new()
        .model_in("us-east-1", MODEL, quota(11))
        .model_in("us-west-2", MODEL, quota(22))
        .tokens_per_day_in("us-west-2", 1_000_000);
    let layer = StackLayer::new(&regions).quotas(quotas);
    let handle = layer.handle();
    let stack = layer.layer(regions);
    stack.clone().oneshot(prompt("one").into()).await.unwrap();
    let request = || Request::new(prompt("two")).region("us-west-2");
    stack.clone().oneshot(request()).await.unwrap();
    let limit = |key: &str| {
        let shown = handle.snapshot();
        let model = shown.model(key).expect("it was called");
        assert!(key.ends_with("-2") || model.circuit.is_some());
        model.quota.as_ref().unwrap().limits[0].limit.amount()
    };
    assert_eq!(limit(&format!("us-east-1/{MODEL}")), 11);
    assert_eq!(limit(&format!("us-west-2/{MODEL}")), 22);
    assert_eq!(limit("us-west-2"), 1_000_000);
    assert!(handle.snapshot().model("us-east-1").is_none());
    assert_eq!(&*handle.snapshot().region, "us-east-1");

    handle.set_quotas(Quotas::new().tokens_per_day_in("us-east-1", 100));
    let there = Request::new(prompt("three")).region("us-east-1");
    let refused = stack.clone().oneshot(there).await.unwrap_err();
    // A call reserves its 200 tokens of output and some for its input.
    let refused = match refused.kind() {
        ErrorKind::QuotaRejected => refused,
        kind => panic!("{kind:?}: {refused}"),
    };
    assert_eq!(refused.region(), Some("us-east-1"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_error_names_the_region_that_it_is_of() {
    let (east, west) = (simulator(), simulator());
    let regions = two(&east, &west);
    let layer = StackLayer::new(&regions);
    let circuit = layer
        .handle()
        .circuits()
        .handle(&format!("us-west-2/{MODEL}").into());
    circuit.force_open_for(std::time::Duration::from_secs(3600));
    let stack = layer.layer(regions);
    let pinned = Request::new(prompt("one")).region("us-west-2");
    let error = stack.oneshot(pinned).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CircuitOpen);
    assert_eq!(error.region(), Some("us-west-2"));
}

#[test]
fn impossible_lists_panic_and_say_why() {
    let config = || SdkConfig::builder().behavior_version(BehaviorVersion::latest());
    let with_endpoint = config().endpoint_url("http://localhost:1").build();
    let config = config().build();
    let none: [&str; 0] = [];
    assert!(panics(|| Regions::new(&config, none)).contains("one Region at least"));
    let two = ["us-east-1", "us-west-2"];
    let endpoint = panics(|| Regions::new(&with_endpoint, two));
    assert!(endpoint.contains("an endpoint of its own"), "{endpoint}");
    assert!(endpoint.contains("`Regions::of`"), "{endpoint}");
    let spaced = panics(|| Regions::new(&config, ["us-east-1 batch"]));
    assert!(spaced.contains("`us-east-1 batch` is not"), "{spaced}");
    for (names, text) in [
        (vec![], "one Region at least"),
        (
            vec!["us-east-1", "us-east-1"],
            "`us-east-1` is listed twice",
        ),
        (vec![""], "`` is not the name"),
        (vec!["us-east-1/a"], "`us-east-1/a` is not the name"),
    ] {
        let said = panics(|| Regions::of(names.into_iter().map(|name| (name, ()))));
        assert!(said.contains(text), "{said}");
    }
    let many = panics(|| Regions::of((0..33).map(|number| (number.to_string(), ()))));
    assert!(many.contains("32 at most, and 33 are listed"), "{many}");
}

#[test]
fn a_client_is_made_for_each_region_of_one_configuration() {
    let sim = simulator();
    let sdk = sim.sdk_config().build();
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(sdk.http_client().expect("the simulator has one"))
        .build();
    let regions = Regions::new(&config, ["us-east-1", "us-west-2"]);
    for name in ["us-east-1", "us-west-2"] {
        assert_eq!(regions.get(name).and_then(Bedrock::region), Some(name));
    }
}
