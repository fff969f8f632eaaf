//! The quotas of a stack change while it is at work.

mod common;

use bedrock_sim::{Model, Simulator};
use common::{MODEL, bedrock, prompt, simulator};
use futures_util::future::join_all;
use std::{fs, sync::Arc, time::Duration};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    ErrorKind, Stack, StackLayer,
    policy::{ModelQuota, Quotas},
};

const MINUTE: Duration = Duration::from_secs(60);
const ARN: &str =
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6";

fn key() -> Arc<str> {
    format!("us-east-1/{MODEL}").into()
}

fn a_minute(calls: u64) -> Quotas {
    Quotas::new().model(MODEL, ModelQuota::new().requests_per_minute(calls))
}

async fn calls(stack: &Stack, from: usize, number: usize) -> Vec<Option<ErrorKind>> {
    let call = |n: usize| stack.clone().oneshot(prompt(&format!("{n}")).into());
    let ended = join_all((from..from + number).map(call)).await;
    ended
        .into_iter()
        .map(|end| end.err().map(|error| error.kind()))
        .collect()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_higher_quota_lets_waiting_calls_go() {
    let sim = simulator();
    let layer = StackLayer::new("us-east-1").quotas(a_minute(2));
    let handle = layer.handle();
    let stack = layer.layer(bedrock(&sim));
    let start = Instant::now();
    let (ended, ()) = tokio::join!(calls(&stack, 0, 20), async {
        tokio::time::sleep(MINUTE).await;
        handle.set_quotas(a_minute(6000));
    });
    assert_eq!(ended, [None; 20]);
    assert!(start.elapsed() < MINUTE + Duration::from_secs(2));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_limit_of_all_models_begins_and_ends() {
    let sim = simulator();
    let layer = StackLayer::new("us-east-1").quotas(a_minute(600));
    let handle = layer.handle();
    let stack = layer.layer(bedrock(&sim));
    assert_eq!(calls(&stack, 0, 1).await, [None]);
    assert_eq!(handle.quota().keys(), [key()]);

    // A day's tokens that are too few for any call.
    handle.set_quotas(a_minute(600).tokens_per_day(10));
    assert_eq!(calls(&stack, 1, 1).await, [Some(ErrorKind::QuotaRejected)]);
    handle.set_quotas(a_minute(600));
    assert_eq!(calls(&stack, 1, 1).await, [None]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_arns_stand_for_is_heeded_and_forgotten() {
    let sim = Simulator::new()
        .model(Model::new(MODEL))
        .model(Model::new(ARN));
    let layer = StackLayer::new("us-east-1");
    let handle = layer.handle();
    let stack = layer.layer(bedrock(&sim));
    let call = |text: &str| {
        let mut input = prompt(text);
        input.model_id = Some(ARN.to_owned());
        stack.clone().oneshot(input.into())
    };
    call("a").await.unwrap();
    let own: Arc<str> = format!("us-east-1/{ARN}").into();
    assert_eq!(handle.quota().keys(), [Arc::clone(&own)]);
    handle.set_quotas(Quotas::new().profile(ARN, MODEL));
    call("b").await.unwrap();
    let used = |key: &Arc<str>| handle.monitor().snapshot(key).map(|used| used.calls);
    assert_eq!((used(&own), used(&key())), (Some(1), Some(1)));
    handle.set_quotas(Quotas::new());
    call("c").await.unwrap();
    assert_eq!((used(&own), used(&key())), (Some(2), Some(1)));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_file_is_read_again_and_a_bad_one_changes_nothing() {
    let sim = simulator();
    let folder =
        std::env::temp_dir().join(format!("tower-bedrock-set-quotas-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("quotas.toml");
    let write = |calls: &str| {
        fs::write(
            &path,
            format!("[models.\"{MODEL}\"]\nrequests_per_minute = {calls}\n"),
        )
        .unwrap();
    };
    write("7");
    let layer = StackLayer::new("us-east-1").quotas(Quotas::from_file(&path).unwrap());
    let handle = layer.handle();
    let stack = layer.layer(bedrock(&sim));
    assert_eq!(calls(&stack, 0, 1).await, [None]);
    let reload = || Quotas::from_file(&path).map(|quotas| handle.set_quotas(quotas));
    let limit = || {
        let used = handle.quota().snapshot(&key()).unwrap();
        used.limits[0].limit.amount()
    };
    assert_eq!(limit(), 7);
    write("70");
    reload().unwrap();
    assert_eq!(limit(), 70);
    write("\"many\"");
    let error = reload().unwrap_err().to_string();
    assert!(
        error.contains("quotas.toml") && error.contains("requests_per_minute"),
        "{error}"
    );
    assert_eq!(limit(), 70);
    fs::remove_dir_all(&folder).unwrap();
}
