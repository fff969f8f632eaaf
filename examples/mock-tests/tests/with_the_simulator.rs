//! A whole Bedrock in process: the real SDK client, the wire, a quota that is counted to the token.

use bedrock_sim::{Fault, Model, ScriptedAnswer, Simulator};
use mock_tests::{MODEL, read_aloud, summarize};
use std::time::Duration;
use tokio::{task::JoinSet, time::Instant};
use tower::Layer;
use tower_bedrock::{
    Bedrock, StackLayer,
    policy::{ModelQuota, Quotas},
};

#[tokio::test(start_paused = true)]
async fn twenty_summaries_wait_for_their_turns_at_a_quota_of_sixty_a_minute() {
    let model = Model::new(MODEL).requests_per_minute(60);
    let sim = Simulator::new().model(model.burst(Duration::from_secs(1)));
    let quota = ModelQuota::new().requests_per_minute(60);
    let stack = StackLayer::new("us-east-1")
        .quotas(Quotas::new().model(MODEL, quota))
        .layer(Bedrock::new(sim.sdk_config()));

    let start = Instant::now();
    let mut calls = JoinSet::new();
    for n in 0..20 {
        let stack = stack.clone();
        calls.spawn(async move { summarize(stack, &format!("Day {n}: rain.")).await });
    }
    for summary in calls.join_all().await {
        let summary = summary.unwrap();
        assert!(!summary.ends_with('…'), "the model made it");
    }
    assert!(start.elapsed() >= Duration::from_secs(18));
    assert_eq!(sim.usage().model(MODEL).unwrap().admitted, 20);
}

#[tokio::test(start_paused = true)]
async fn what_the_model_says_is_read_aloud_and_a_cut_is_told() {
    let weather = || Some(ScriptedAnswer::new().text("It rains. It pours."));
    let sim = Simulator::new().answers(move |said| said.contains("weather").then(weather)?);
    let stack = StackLayer::new("us-east-1").layer(Bedrock::new(sim.sdk_config()));

    let mut said = vec![];
    let call = read_aloud(stack.clone(), "The weather?", |text| {
        said.push(text.to_owned());
    });
    call.await.unwrap();
    assert_eq!(said, ["It rains.", "It pours."]);

    sim.script([Fault::stream_cut().at(2)]);
    let mut said = vec![];
    let call = read_aloud(stack, "The weather now?", |text| said.push(text.to_owned()));
    call.await.unwrap();
    assert_eq!(said.last().unwrap(), "I lost the thread.");
}
