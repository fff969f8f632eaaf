//! What happens at the limit, of a minute and of a day.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_throttle_carries_the_ledgers_wait_unless_the_server_has_one() {
    let sim = sim();
    let quota = policy::quota_layer("us-east-1", Limit::calls_per_minute(6).burst(1));
    let service = quota.layer(bedrock(&sim));
    sim.script([Fault::throttling().times(2)]);
    let first = service.clone().oneshot(Request::new(prompt("one")));
    assert!(first.await.unwrap_err().retry_after().is_some());
    let second = service.clone().oneshot(Request::new(prompt("two")));
    let wait = second.await.unwrap_err().retry_after().unwrap();
    let start = Instant::now();
    service
        .clone()
        .oneshot(Request::new(prompt("three")))
        .await
        .unwrap();
    // The call itself takes a second and some.
    let waited = start.elapsed() - SECOND;
    assert!(
        waited >= wait && waited < wait + SECOND,
        "{waited:?} and {wait:?}"
    );

    let hint = Duration::from_millis(7);
    sim.script([Fault::throttling().retry_after(hint)]);
    let hinted = service.oneshot(Request::new(prompt("four")));
    assert_eq!(hinted.await.unwrap_err().retry_after(), Some(hint));
}

#[tokio::test(start_paused = true)]
async fn a_rejection_is_final_and_says_what_helps() {
    let sim = sim();
    let quotas = Quotas::new().model(
        MODEL,
        ModelQuota::new()
            .tokens_per_minute(50_000)
            .requests_per_minute(1),
    );
    let stack = StackLayer::new("us-east-1")
        .quotas(quotas)
        .layer(bedrock(&sim));
    let large = stack
        .clone()
        .oneshot(Request::new(without_max_tokens("hello")));
    let error = large.await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts(), error.retry_after()),
        (ErrorKind::QuotaRejected, Some(0), None)
    );
    let text = error.to_string();
    assert!(
        text.contains("64007 of 50000 tokens per 60s") && text.contains("max_tokens"),
        "{text}"
    );

    stack
        .clone()
        .oneshot(Request::new(prompt("one")))
        .await
        .unwrap();
    let start = Instant::now();
    let hasty = Request::new(prompt("two")).timeout(20 * SECOND);
    let error = stack.oneshot(hasty).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::QuotaRejected, Some(0))
    );
    let wait = error.retry_after().unwrap();
    // A minute after the first, which took a second and some.
    assert!((58 * SECOND..60 * SECOND).contains(&wait), "{wait:?}");
    assert!(error.to_string().contains(KEY), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_used_up_day_is_waited_for() {
    let sim = Simulator::new().model(Model::new(MODEL).tokens_per_day(3_000));
    let quotas = Quotas::new().model(MODEL, ModelQuota::new().tokens_per_day(3_000));
    let stack = StackLayer::new("us-east-1")
        .quotas(quotas)
        .layer(bedrock(&sim));
    let start = Instant::now();
    let mut calls = 0;
    while start.elapsed() < 3600 * SECOND {
        let request = Request::new(prompt(&calls.to_string())).input_tokens(10);
        stack.clone().oneshot(request).await.unwrap();
        calls += 1;
    }
    let hours = start.elapsed().as_secs() / 3600;
    assert!(
        calls > 2 && (23..=25).contains(&hours),
        "{calls} calls, {hours} h"
    );
    assert_eq!(account(&sim, MODEL).throttled, 0);
}

#[tokio::test(start_paused = true)]
async fn an_unforeseen_end_of_the_day_closes_the_key() {
    let sim = sim();
    let quota = policy::quota_layer("us-east-1", Limit::calls_per_minute(600));
    let service = quota.layer(bedrock(&sim));
    sim.script([Fault::throttling_daily()]);
    let spent = service.clone().oneshot(Request::new(prompt("one")));
    let error = spent.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exhausted);
    assert!(error.retry_after().unwrap() >= 3600 * SECOND);
    // Nobody waits that long without a word, and nothing is sent.
    let start = Instant::now();
    let error = service.clone().oneshot(Request::new(prompt("two")));
    let error = error.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exhausted);
    assert_eq!(error.retry_after(), Some(3600 * SECOND));
    assert!(error.to_string().contains(KEY), "{error}");
    assert_eq!(start.elapsed(), Duration::ZERO);
    tokio::time::advance(3600 * SECOND).await;
    service.oneshot(Request::new(prompt("two"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_comes_all_at_once_loses_nothing() {
    let quotas = Quotas::new().model(MODEL, ModelQuota::new().requests_per_minute(60_000));
    let layer = StackLayer::new("us-east-1").quotas(quotas);
    let stack = layer.layer(answers(Some(Usage::new(1, 1))));
    let calls = (0..6_000).map(|n| {
        let body = format!(r#"{{"max_tokens":1,"n":{n}}}"#);
        stack.clone().oneshot(Request::new(invoke(MODEL, &body)))
    });
    let lost = join_all(calls).await.into_iter().find_map(Result::err);
    assert!(lost.is_none(), "{lost:?}");
}

#[tokio::test(start_paused = true)]
async fn a_quota_of_nothing_ends_in_good_time_and_says_so() {
    for workers in [1, 5, 50, 1_000] {
        let sim = Simulator::new().model(Model::new(MODEL).requests_per_minute(0));
        let stack = StackLayer::new("us-east-1").layer(bedrock(&sim));
        let start = Instant::now();
        let calls =
            (0..workers).map(|n| stack.clone().oneshot(Request::new(prompt(&n.to_string()))));
        let answers = join_all(calls).await;
        // Far before the ten minutes of a model that answers.
        assert!(start.elapsed() < 300 * SECOND, "{:?}", start.elapsed());
        for answer in answers {
            let error = answer.unwrap_err();
            assert!(error.to_string().contains("quota is 0"), "{error}");
            // One or two callers may have used up their attempts before.
            let attempts = error.attempts();
            let over = workers < 5 && error.kind() == ErrorKind::Throttled && attempts == Some(12);
            assert!(over || error.kind() == ErrorKind::Exhausted, "{error}");
            assert!(over || error.retry_after() > Some(60 * SECOND), "{error:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn told_that_there_is_no_quota_it_says_so_at_once() {
    let sim = sim();
    let quotas = Quotas::new().model(MODEL, ModelQuota::new().tokens_per_minute(0));
    let stack = StackLayer::new("us-east-1")
        .quotas(quotas)
        .layer(bedrock(&sim));
    let start = Instant::now();
    let error = stack
        .oneshot(Request::new(prompt("hello")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaRejected);
    assert!(error.to_string().contains("of 0 tokens per 60s"), "{error}");
    assert_eq!(start.elapsed(), Duration::ZERO);
}
