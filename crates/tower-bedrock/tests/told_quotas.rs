//! The table of quotas, said in code.

mod common;

use common::{MODEL, bedrock, prompt, simulator};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_bedrock::{
    ErrorKind, StackLayer,
    policy::{ModelQuota, Quotas},
};
use tower_quota::{Ask, Cause, Limit, Limits, LimitsOf, QuotaLayer, Rejected};

const PROFILE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

fn per_minute(tokens: u64) -> Limits {
    Limits::from(Limit::tokens_per_minute(tokens))
}

#[test]
fn every_limit_of_a_quota_counts_and_none_is_made_up() {
    let all = ModelQuota::new()
        .tokens_per_minute(200_000)
        .requests_per_minute(200)
        .tokens_per_day(5_000_000);
    let expected = Limits::from([
        Limit::tokens_per_minute(200_000),
        Limit::calls_per_minute(200),
        Limit::tokens_per_day(5_000_000),
    ]);
    assert_eq!(all.limits(), expected);
    assert_eq!(
        ModelQuota::new().tokens_per_minute(7).limits(),
        per_minute(7)
    );
    assert_eq!(ModelQuota::new().limits(), Limits::unknown());
}

#[test]
fn only_the_exact_id_has_the_quota_in_every_region() {
    let quotas = Quotas::new().model(PROFILE, ModelQuota::new().tokens_per_minute(7));
    for region in ["us-east-1", "eu-west-1"] {
        assert_eq!(quotas.limits(region, PROFILE), per_minute(7));
    }
    for other in [
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "us.anthropic.claude-sonnet-4-5",
        "US.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "",
    ] {
        assert_eq!(quotas.limits("us-east-1", other), Limits::unknown());
        assert_eq!(quotas.get("us-east-1", other), None);
    }
}

#[test]
fn the_quota_of_a_region_goes_before_that_of_any() {
    let quotas = Quotas::new()
        .model_in("eu-west-1", "m", ModelQuota::new().tokens_per_minute(1))
        .model("m", ModelQuota::new().tokens_per_minute(2))
        .model_in("eu-west-1", "n", ModelQuota::new().tokens_per_minute(3));
    assert_eq!(quotas.limits("eu-west-1", "m"), per_minute(1));
    assert_eq!(quotas.limits("us-east-1", "m"), per_minute(2));
    assert_eq!(quotas.limits("eu-west-1", "n"), per_minute(3));
    assert_eq!(quotas.limits("us-east-1", "n"), Limits::unknown());
}

#[test]
fn what_is_said_last_replaces_the_same_entry_as_a_whole() {
    let first = Quotas::new()
        .model(
            "a",
            ModelQuota::new().tokens_per_minute(1).tokens_per_day(1),
        )
        .model("b", ModelQuota::new().tokens_per_minute(2))
        .model_in("eu-west-1", "a", ModelQuota::new().tokens_per_minute(3))
        .model_in("eu-west-1", "b", ModelQuota::new().tokens_per_minute(4));
    let later = Quotas::new()
        .model("a", ModelQuota::new().tokens_per_minute(5))
        .model_in("eu-west-1", "b", ModelQuota::new().tokens_per_minute(6));
    let both = first.merge(later);
    assert_eq!(both.limits("us-east-1", "a"), per_minute(5));
    assert_eq!(both.limits("us-east-1", "b"), per_minute(2));
    assert_eq!(both.limits("eu-west-1", "a"), per_minute(3));
    assert_eq!(both.limits("eu-west-1", "b"), per_minute(6));
}

#[test]
fn a_key_is_a_region_and_a_model_that_may_have_slashes() {
    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc/d";
    let quotas = Quotas::new()
        .model_in("us-east-1", arn, ModelQuota::new().tokens_per_minute(1))
        .model("lonely", ModelQuota::new().tokens_per_minute(2));
    let of = |key: &str| LimitsOf::<Arc<str>>::limits(&quotas, &key.into());
    assert_eq!(of(&format!("us-east-1/{arn}")), per_minute(1));
    assert_eq!(of(&format!("us-west-2/{arn}")), Limits::unknown());
    assert_eq!(of("anywhere/lonely"), per_minute(2));
    assert_eq!(of("lonely"), Limits::unknown());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_quota_of_nothing_rejects_every_call_at_once() {
    for nothing in [
        ModelQuota::new().tokens_per_minute(0),
        ModelQuota::new().requests_per_minute(0),
        ModelQuota::new().tokens_per_minute(1000).tokens_per_day(0),
    ] {
        let layer = QuotaLayer::new(Quotas::new().model("m", nothing), |_: &()| {
            Ask::new(Arc::<str>::from("us-east-1/m")).tokens(10)
        });
        let service = layer.layer(service_fn(|()| async { Ok::<_, BoxError>(()) }));
        let call = tokio::time::timeout(Duration::from_secs(365 * 86400), service.oneshot(()));
        let error = call.await.expect("no wait").unwrap_err();
        let rejected = error.downcast::<Rejected>().unwrap();
        assert!(matches!(rejected.cause(), Cause::TooLarge { limit, .. } if limit.amount() == 0));
        assert_eq!(rejected.retry_after(), None);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_stack_says_what_to_do_about_a_quota_of_nothing() {
    let sim = simulator();
    let quotas = Quotas::new().model(MODEL, ModelQuota::new().requests_per_minute(0));
    let stack = StackLayer::new("us-east-1")
        .quotas(quotas)
        .layer(bedrock(&sim));
    let start = Instant::now();
    let error = stack.oneshot(prompt("hello").into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaRejected);
    assert_eq!(
        error.message(),
        Some(
            "call is larger than the limit: 1 of 0 calls per 60s, for \
             us-east-1/us.anthropic.claude-sonnet-4-5-20250929-v1:0; a quota of 0 admits no \
             call: have AWS raise it, or correct the table of quotas"
        )
    );
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(sim.usage().model(MODEL).unwrap().admitted, 0);
}
