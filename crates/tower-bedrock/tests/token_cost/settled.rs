//! What a call came to.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_ledger_agrees_with_the_simulators_account() {
    let sim = sim();
    let (stack, handle) = told(&sim);
    sim.script([
        Fault::throttling().times(2),
        Fault::internal_server(),
        Fault::service_unavailable(),
        Fault::overloaded(),
        Fault::model_not_ready(),
        Fault::validation(),
        Fault::access_denied(),
    ]);
    let calls = (0..60).map(|n| {
        let text = format!("prompt {n}, {}", "and so on ".repeat(n));
        let input = match n % 3 {
            0 => prompt(&text),
            1 => cached(&text),
            _ => without_max_tokens(&text),
        };
        stack.clone().oneshot(Request::new(input))
    });
    let answers: Vec<_> = stream::iter(calls).buffer_unordered(4).collect().await;
    let failed = answers.iter().filter(|answer| answer.is_err()).count();
    assert_eq!(failed, 2, "the caller's own faults");

    let (ours, theirs) = (usage(&handle, KEY), account(&sim, MODEL));
    assert!(theirs.cache_read_tokens > 0 && theirs.cache_write_tokens > 0);
    let formula = theirs.input_tokens + theirs.cache_write_tokens + 5 * theirs.output_tokens;
    assert_eq!(theirs.settled, formula);
    assert_eq!((ours.total_used, ours.pending_calls), (theirs.settled, 0));
    assert_eq!(ours.throttled, 2);
    // The estimate of the input leans to the high side, and no further than that.
    let over = ours.total_reserved as f64 / theirs.reserved as f64;
    assert!((1.0..1.02).contains(&over), "{over}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_counts_as_reserved() {
    let sim = sim();
    let (stack, handle) = told(&sim);
    let mut charged = 0;
    for n in 0..20 {
        let request = Request::new(prompt(&format!("prompt {n}"))).input_tokens(100);
        let wait = Duration::from_millis(100 * n);
        if timeout(wait, stack.clone().oneshot(request)).await.is_err() && n > 0 {
            charged += 1;
        }
    }
    let ours = usage(&handle, KEY);
    assert_eq!(ours.pending_calls, 0);
    assert!(charged > 5 && ours.total_used >= charged * 300, "{ours:?}");
    assert!(ours.total_used >= account(&sim, MODEL).settled);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_times_out_counts_as_reserved() {
    let quota = policy::quota_layer("us-east-1", Limit::tokens_per_minute(10_000));
    let handle = quota.handle();
    let slow = service_fn(|_: Request<ConverseInput>| {
        pending::<Result<Response<ConverseOutput>, Error>>()
    });
    let slow = AttemptTimeoutLayer::new(SECOND).layer(slow);
    let request = Request::new(prompt("hello")).input_tokens(100);
    let error = quota.layer(slow).oneshot(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(usage(&handle, KEY).total_used, 300);
}

#[tokio::test(start_paused = true)]
async fn faults_that_may_cost_something_are_never_counted_too_low() {
    for fault in [
        Fault::model_timeout(),
        Fault::model_error(),
        Fault::connection_reset(),
    ] {
        let sim = sim();
        sim.script([fault.clone()]);
        let quota = policy::quota_layer("us-east-1", Limit::tokens_per_minute(100_000));
        let handle = quota.handle();
        let request = Request::new(prompt("hello")).input_tokens(6);
        let error = quota
            .layer(bedrock(&sim))
            .oneshot(request)
            .await
            .unwrap_err();
        let (ours, theirs) = (usage(&handle, KEY), account(&sim, MODEL));
        assert_eq!(ours.total_used, 206, "{error}");
        // Burndown may take the charge above what was reserved, which nobody reports.
        assert!(theirs.settled > 0 && theirs.reserved == 206, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_body_of_invoke_model_is_read_and_its_headers_settle_it() {
    let sim = sim();
    let (stack, handle) = told(&sim);
    let anthropic = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":300,
        "messages":[{"role":"user","content":"hello"}]}"#;
    let nova = r#"{"schemaVersion":"messages-v1","inferenceConfig":{"maxTokens":400},
        "messages":[{"role":"user","content":[{"text":"hello"}]}]}"#;
    for (model, body, most) in [(MODEL, anthropic, 300), (NOVA, nova, 400)] {
        let key = format!("us-east-1/{model}");
        let request = Request::new(invoke(model, body)).input_tokens(6);
        let answer = stack.clone().oneshot(request).await.unwrap();
        let (ours, theirs) = (usage(&handle, &key), account(&sim, model));
        assert!(answer.meta().usage().is_some());
        assert_eq!(
            (ours.total_used, ours.total_reserved),
            (theirs.settled, most + 6)
        );
        assert_eq!(ours.total_reserved, theirs.reserved);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_say_counts_as_reserved() {
    let quota = policy::quota_layer("us-east-1", Limit::tokens_per_minute(10_000));
    let handle = quota.handle();
    let request = |tokens| Request::new(invoke(MODEL, r#"{"max_tokens":50}"#)).input_tokens(tokens);
    quota
        .layer(answers(None))
        .oneshot(request(10))
        .await
        .unwrap();
    assert_eq!(usage(&handle, KEY).total_used, 60);
    let mut reported = Usage::new(10, 20);
    reported.cache_read_tokens = 1_000;
    reported.cache_write_tokens = 300;
    let answered = answers(Some(reported));
    quota.layer(answered).oneshot(request(1_310)).await.unwrap();
    assert_eq!(usage(&handle, KEY).total_used, 60 + 10 + 300 + 5 * 20);
}
