//! The README's example, as a task: services and futures are `Send` whatever the lifetimes.

mod common;

use common::{prompt, simulator};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, Request, StackLayer,
    policy::{ModelQuota, Quotas},
};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_readmes_example_runs_in_a_spawned_task() {
    let (config, input) = (simulator().sdk_config(), prompt("hello"));

    let quota = ModelQuota::new()
        .tokens_per_minute(200_000)
        .requests_per_minute(200);
    let quotas = Quotas::new().model("us.anthropic.claude-sonnet-4-5-20250929-v1:0", quota);
    let stack = StackLayer::new("us-east-1").quotas(quotas);
    let bedrock = stack.layer(Bedrock::new(config));

    let task = tokio::spawn(async move { bedrock.oneshot(Request::new(input)).await });
    let response = task.await.unwrap().unwrap();
    assert!(response.output().is_some());
    assert_eq!(response.meta().attempts(), 1);
}
