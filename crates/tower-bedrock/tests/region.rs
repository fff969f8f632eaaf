//! The Region is said once, by the client.

mod common;

use aws_sdk_bedrockruntime::{Client, config::Region};
use common::{MODEL, prompt, simulator};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, ErrorKind, StackLayer,
    policy::{ModelQuota, Quotas},
};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_stack_has_the_region_of_its_client() {
    let sim = simulator();
    let config = sim.sdk_config().region(Region::new("eu-west-1"));
    let client = Client::from_conf(config.build());
    let bedrock = Bedrock::from(client.clone());
    let quota = |calls| ModelQuota::new().requests_per_minute(calls);
    let quotas = Quotas::new()
        .model(MODEL, quota(1))
        .model_in("eu-west-1", MODEL, quota(77));
    for layer in [
        StackLayer::new(&bedrock),
        StackLayer::new(&client),
        StackLayer::new("eu-west-1"),
        StackLayer::for_web_server(&bedrock),
    ] {
        let layer = layer.quotas(quotas.clone());
        let handle = layer.handle();
        let stack = layer.layer(bedrock.clone());
        stack.oneshot(prompt("hello").into()).await.unwrap();
        let shown = handle.snapshot();
        assert_eq!(&*shown.region, "eu-west-1");
        let model = shown.model(&format!("eu-west-1/{MODEL}")).unwrap();
        assert_eq!(model.quota.as_ref().unwrap().limits[0].limit.amount(), 77);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_client_without_a_region_fails_each_call_and_says_so() {
    let sim = simulator();
    let client = Client::from_conf(sim.sdk_config().region(None).build());
    let bedrock = Bedrock::from(client);
    let layer = StackLayer::new(&bedrock);
    let error = layer
        .layer(bedrock)
        .oneshot(prompt("hello").into())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Invalid, Some(1))
    );
    let said = error.to_string();
    assert!(
        said.contains("no Region") && said.contains("AWS_REGION"),
        "{said}"
    );
}
