//! What a call reserves.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_count_that_is_given_is_reserved_as_it_is() {
    let sim = sim();
    let (stack, handle) = told(&sim);
    let counted = ConverseTokensRequest::builder()
        .set_messages(prompt("hello").messages)
        .build();
    let count = CountTokensInput::builder()
        .model_id(BASE_MODEL)
        .input(Count::Converse(counted))
        .build()
        .unwrap();
    let count = stack.clone().oneshot(Request::new(count)).await.unwrap();
    let count = count.input_tokens.unsigned_abs().into();
    let request = Request::new(prompt("hello")).input_tokens(count);
    assert_eq!(request.options().input_tokens(), Some(count));
    stack.oneshot(request).await.unwrap();
    assert_eq!(
        usage(&handle, KEY).total_reserved,
        account(&sim, MODEL).reserved
    );
}

#[tokio::test(start_paused = true)]
async fn an_unset_maximum_reserves_the_models() {
    let sim = sim();
    let (stack, handle) = told(&sim);
    let request = Request::new(without_max_tokens("hello")).input_tokens(6);
    stack.oneshot(request).await.unwrap();
    assert_eq!(usage(&handle, KEY).total_reserved, 64_006);
    assert_eq!(account(&sim, MODEL).reserved, 64_006);
}

#[tokio::test(start_paused = true)]
async fn tables_and_bodies_are_the_users_to_change() {
    let cost = TokenCost::new("us-east-1")
        .burndown(Burndown::standard().with("anthropic.claude-sonnet-4-5", 7))
        .max_output(MaxOutput::standard().with("vendor.", 777))
        .read_body_with(|model, body| (model == "vendor.own" && body == b"30").then_some(30));
    let quota = cost.layer(Limit::tokens_per_minute(10_000));
    let handle = quota.handle();
    let service = quota.layer(answers(Some(Usage::new(0, 10))));
    for (model, body, reserved, used) in [
        (MODEL, r#"{"max_tokens":50}"#, 50, 70),
        ("vendor.own", "30", 30, 10),
        ("vendor.other", "30", 777, 10),
    ] {
        let request = Request::new(invoke(model, body)).input_tokens(0);
        service.clone().oneshot(request).await.unwrap();
        let ours = usage(&handle, &format!("us-east-1/{model}"));
        assert_eq!((ours.total_reserved, ours.total_used), (reserved, used));
    }
}

#[tokio::test(start_paused = true)]
async fn the_estimate_learns_from_what_is_reported() {
    // Bytes say three times more of this text than the simulator's characters do.
    let sim = sim();
    let (stack, handle) = told(&sim);
    let mut errors = Vec::new();
    for n in 0..60 {
        let before = usage_or_nothing(&handle);
        let mut input = prompt(&format!("{n} {}", "日本語".repeat(800)));
        input.inference_config.as_mut().unwrap().max_tokens = Some(100);
        let answer = stack.clone().oneshot(Request::new(input)).await.unwrap();
        let estimated = usage_or_nothing(&handle) - before - 100;
        let actual = answer.meta().usage().unwrap().input_tokens;
        errors.push(estimated as f64 / actual as f64);
    }
    assert!(errors[0] > 3.0, "{errors:?}");
    assert!((1.0..1.05).contains(&errors[59]), "{errors:?}");
}

fn usage_or_nothing(handle: &Ledger) -> u64 {
    handle
        .snapshot(&KEY.into())
        .map_or(0, |usage| usage.total_reserved)
}
