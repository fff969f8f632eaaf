//! What a hit saves, what an answer weighs, and its raw response.

use aws_sdk_bedrockruntime::operation::converse::ConverseInput;
use bedrock_sim::ScriptedAnswer;
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, CacheUse, Request, Usage,
    policy::{Price, PriceList},
    wire,
};

use crate::common::{MODEL, bedrock, prompt, simulator};
use crate::support::{MIB, count, policy, twice};

#[tokio::test(start_paused = true)]
async fn a_hit_is_charged_nothing_and_its_savings_are_summed() {
    let sim = simulator();
    let prices = PriceList::new().model(
        "anthropic.claude-sonnet",
        Price::new(3.0, 15.0).cache_read(0.3).cache_write(3.75),
    );
    let policy = policy().prices(prices);
    let savings = policy.savings();
    let service = policy.layer(MIB).layer(bedrock(&sim));
    sim.script([ScriptedAnswer::new().text("hi").cache_tokens(4, 2)]);
    let ask = |request| service.clone().oneshot(request);
    let first = ask(Request::new(prompt("hello"))).await.unwrap();
    assert_eq!(
        (first.meta().saved(), savings.snapshot().answers),
        (None, 0)
    );
    let charged = first.meta().usage().unwrap();
    for _ in 0..2 {
        let hit = ask(Request::new(prompt("hello"))).await.unwrap();
        assert_eq!(
            (hit.meta().usage(), hit.meta().saved()),
            (Some(Usage::default()), Some(charged))
        );
        assert_eq!(hit.meta().model_id(), Some(MODEL));
    }
    // Neither is an answer of the cache's.
    for cache in [CacheUse::Refresh, CacheUse::Bypass] {
        ask(Request::new(prompt("hello")).cache(cache))
            .await
            .unwrap();
    }
    let saved = savings.snapshot();
    assert_eq!((saved.answers, saved.unpriced), (2, 0));
    assert_eq!(saved.usage, charged.saturating_add(charged));
    assert!(charged.cache_read_tokens > 0 && charged.cache_write_tokens > 0);
    let [input, output] = [charged.input_tokens, charged.output_tokens].map(|n| n as f64);
    let [read, write] = [charged.cache_read_tokens, charged.cache_write_tokens].map(|n| n as f64);
    let money = 2.0 * (input * 3.0 + output * 15.0 + read * 0.3 + write * 3.75) / 1e6;
    assert!((saved.money - money).abs() < 1e-12, "{saved:?}");
}

#[tokio::test(start_paused = true)]
async fn what_has_no_price_or_no_usage_is_counted_as_such() {
    let sim = simulator();
    let policy = policy().prices(PriceList::new().model("amazon.", Price::new(1.0, 1.0)));
    let savings = policy.savings();
    let service = policy.layer(MIB).layer(bedrock(&sim));
    twice(&service, prompt("hello")).await;
    twice(&service, count()).await;
    let saved = savings.snapshot();
    assert_eq!((saved.answers, saved.unpriced, saved.money), (2, 2, 0.0));
    assert!(saved.usage.total_tokens() > 0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_weighs_its_raw_response_too() {
    let sim = simulator();
    let weight = async |bedrock: Bedrock| {
        let layer = policy().layer(MIB);
        let call = layer.layer(bedrock).oneshot(Request::new(prompt("hello")));
        let raw = call
            .await
            .unwrap()
            .meta()
            .raw()
            .map_or(0, |raw| raw.body().len());
        (layer.handle().snapshot().store.weight, raw as u64)
    };
    let (plain, none) = weight(bedrock(&sim)).await;
    let (both, raw) = weight(bedrock(&sim).with_raw_responses()).await;
    assert!(none == 0 && raw > 0);
    assert!(both > plain + raw, "its headers, too");
}

#[tokio::test(start_paused = true)]
async fn a_raw_response_is_the_very_answer_and_comes_only_when_asked_for() {
    let sim = simulator();
    let ask = |bedrock: Bedrock| bedrock.oneshot(Request::new(prompt("hello")));
    assert!(ask(bedrock(&sim)).await.unwrap().meta().raw().is_none());
    let response = ask(bedrock(&sim).with_raw_responses()).await.unwrap();
    let raw = response.meta().raw().unwrap();
    let again = wire::response::<ConverseInput>(raw.clone()).unwrap();
    assert_eq!(*again, *response);
    assert_eq!(
        (again.meta().usage(), again.meta().request_id()),
        (response.meta().usage(), response.meta().request_id())
    );
    let text = format!("{response:?}");
    assert!(!text.contains("message"), "{text}");
}
