//! When the stack stops asking a model.

use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use bedrock_sim::{Fault, Latency, Model, Simulator};
use end_to_end::{MODEL, prompt, stack};
use futures_util::{StreamExt, future::join_all, stream};
use std::{error::Error as _, time::Duration};
use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt};
use tower_backoff::AttemptTimeout;
use tower_bedrock::{
    Bedrock, Error, ErrorKind, Request, StackLayer,
    policy::{ModelQuota, Quotas, RetryPolicy, circuit_breaker_layer},
};
use tower_circuit_breaker::State;

const OTHER: &str = "us.amazon.nova-micro-v1:0";

fn sim() -> Simulator {
    Simulator::new()
        .model(Model::new(MODEL))
        .model(Model::new(OTHER))
}

fn admitted(sim: &Simulator, model: &str) -> u64 {
    sim.usage().model(model).map_or(0, |model| model.admitted)
}

#[tokio::test(start_paused = true)]
async fn a_short_fault_is_ridden_out() {
    let sim = sim();
    sim.script([Fault::service_unavailable().times(5)]);
    stack(&sim)
        .oneshot(Request::new(prompt("hello")))
        .await
        .unwrap();
    assert_eq!(admitted(&sim, MODEL), 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_can_be_waited_for() {
    let sim = sim();
    sim.script([Fault::service_unavailable().times(12)]);
    let patient = RetryPolicy::new().open_circuit(Duration::from_secs(900));
    let stack = StackLayer::new("us-east-1")
        .backoff(patient.layer())
        .layer(Bedrock::new(sim.sdk_config()));
    stack.oneshot(Request::new(prompt("hello"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn deadlines_of_the_impatient_open_nothing() {
    let latency = Latency::new(Duration::from_secs(2), Duration::ZERO);
    let sim = sim().latency(latency);
    let stack = StackLayer::new("us-east-1")
        .quotas(Quotas::new().model(MODEL, ModelQuota::new().requests_per_minute(6_000)))
        .layer(Bedrock::new(sim.sdk_config()));
    // Sixty of them wait, over half a minute: enough to open a circuit if they counted.
    for n in 0..120 {
        let timeout = Duration::from_millis(n % 2 * 500);
        let hasty = Request::new(prompt(&n.to_string())).timeout(timeout);
        let error = stack.clone().oneshot(hasty).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    }
    stack.oneshot(Request::new(prompt("hello"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_prompt_that_the_model_fails_at_is_asked_twice_and_harms_no_other() {
    let sim = sim().latency(Latency::new(Duration::from_secs(2), Duration::ZERO));
    let message = "Model produced invalid sequence as part of ToolUse.";
    sim.script([Fault::model_error()
        .message(message)
        .prompt("poison")
        .rate(1.0)]);
    let layer = StackLayer::new("us-east-1");
    let stack = layer.layer(Bedrock::new(sim.sdk_config()));
    // Three callers have nothing but such prompts, and a hundred of them each.
    let calls = stream::iter(0..540).map(|n| {
        let poisoned = n % 9 < 5;
        let text = if poisoned { "poison" } else { "good" };
        let call = stack
            .clone()
            .oneshot(Request::new(prompt(&format!("{text} {n}"))));
        async move { (poisoned, call.await) }
    });
    let mut calls = calls.buffer_unordered(9);
    while let Some((poisoned, result)) = calls.next().await {
        assert_eq!(result.is_err(), poisoned, "{result:?}");
        if let Err(error) = result {
            assert_eq!(
                (error.kind(), error.attempts()),
                (ErrorKind::Transient, Some(2))
            );
            assert_eq!(error.message(), Some(message));
        }
    }
    let circuit = layer
        .handle()
        .circuits()
        .handle(&format!("us-east-1/{MODEL}").into());
    assert_eq!(circuit.snapshot().failures, 0);
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_that_is_too_short_costs_two_attempts_and_opens_nothing() {
    let slow = || sim().latency(Latency::new(Duration::from_secs(150), Duration::ZERO));
    let limit = Duration::from_secs(120);
    let of_the_sdk = TimeoutConfig::builder()
        .operation_attempt_timeout(limit)
        .build();
    for (sim, sdks) in [(slow(), false), (slow(), true)] {
        let layer = StackLayer::new("us-east-1");
        let (layer, config) = if sdks {
            (layer, sim.sdk_config().timeout_config(of_the_sdk.clone()))
        } else {
            (layer.attempt_timeout(limit), sim.sdk_config())
        };
        let stack = layer.layer(Bedrock::new(config));
        let start = Instant::now();
        let calls = stream::iter(0..60)
            .map(|n| stack.clone().oneshot(Request::new(prompt(&n.to_string()))));
        let results: Vec<_> = calls.buffer_unordered(60).collect().await;
        for result in results {
            let error = result.unwrap_err();
            assert_eq!(
                (error.kind(), error.attempts()),
                (ErrorKind::Timeout, Some(2)),
                "{error}"
            );
        }
        assert!(
            start.elapsed() < Duration::from_secs(250),
            "{:?}",
            start.elapsed()
        );
        assert_eq!(admitted(&sim, MODEL), 120);
        let circuit = layer
            .handle()
            .circuits()
            .handle(&format!("us-east-1/{MODEL}").into());
        assert_eq!(circuit.state(), State::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_model_that_hangs_is_told_within_a_quarter_of_an_hour_with_the_cause() {
    for callers in [1, 60] {
        let sim = sim();
        sim.script([Fault::hang().rate(1.0)]);
        let stack = stack(&sim);
        let start = Instant::now();
        let calls = stream::iter(0..callers)
            .map(|n| stack.clone().oneshot(Request::new(prompt(&n.to_string()))));
        let mut calls = calls.buffer_unordered(callers);
        let mut refused = 0;
        while let Some(result) = calls.next().await {
            let error = result.unwrap_err();
            let elapsed = start.elapsed();
            assert!(elapsed < Duration::from_secs(900), "{elapsed:?}");
            // Two attempts time out, unless others have opened the circuit by the second one.
            let cause = if error.kind() == ErrorKind::CircuitOpen {
                refused += 1;
                assert_eq!(error.attempts(), Some(1));
                error.source().unwrap().downcast_ref::<Error>().unwrap()
            } else {
                assert_eq!(error.attempts(), Some(2));
                &error
            };
            assert_eq!(cause.kind(), ErrorKind::Timeout);
            assert!(cause.source().unwrap().is::<AttemptTimeout>());
            let said = error.to_string();
            assert!(said.contains("attempt took longer than 360s"), "{said}");
        }
        assert_eq!(refused > 0, callers > 1, "{refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn ten_throttles_in_a_row_are_ridden_out() {
    let sim = sim();
    let stack = stack(&sim);
    // A model that never answered may be given up before they are over.
    let first = stack.clone().oneshot(Request::new(prompt("first")));
    first.await.unwrap();
    sim.script([Fault::throttling().times(10)]);
    let call = stack.oneshot(Request::new(prompt("hello")));
    assert_eq!(
        call.await.unwrap().meta().attempts(),
        11,
        "a circuit took attempts"
    );
}

/// Fifty workers meet nothing else for ten seconds, which is what an outage takes to open a circuit.
#[tokio::test(start_paused = true)]
async fn a_storm_of_what_says_nothing_of_the_model_opens_no_circuit() {
    for (fault, opens) in [
        (Fault::access_denied(), false),
        (Fault::validation(), false),
        (Fault::resource_not_found(), false),
        (Fault::throttling(), false),
        (Fault::throttling_daily(), false),
        (Fault::service_quota_exceeded(), false),
        (Fault::model_error(), false),
        (Fault::service_unavailable(), true),
        (Fault::internal_server(), true),
        (Fault::overloaded(), true),
        (Fault::model_not_ready(), true),
    ] {
        let sim = sim();
        sim.script([fault.clone().delay(Duration::from_secs(1)).rate(1.0)]);
        let layer = circuit_breaker_layer("us-east-1");
        let circuits = layer.circuits();
        let service = layer.layer(Bedrock::new(sim.sdk_config()));
        let calls = stream::iter(0..500).map(|n| {
            service
                .clone()
                .oneshot(Request::new(prompt(&n.to_string())))
        });
        let results: Vec<_> = calls.buffer_unordered(50).collect().await;
        assert!(results.iter().all(Result::is_err), "{fault:?}");
        let circuit = circuits.handle(&format!("us-east-1/{MODEL}").into());
        assert_eq!(circuit.snapshot().generation > 0, opens, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_refusals_costs_no_quota() {
    for refusal in [
        Fault::access_denied(),
        Fault::validation(),
        Fault::resource_not_found(),
    ] {
        let sim = sim();
        sim.script([refusal.clone().times(500)]);
        let layer = StackLayer::new("us-east-1");
        let stack = layer.layer(Bedrock::new(sim.sdk_config()));
        let calls = stream::iter(0..500)
            .map(|n| stack.clone().oneshot(Request::new(prompt(&n.to_string()))));
        let results: Vec<_> = calls.buffer_unordered(50).collect().await;
        for result in results {
            assert_eq!(result.unwrap_err().attempts(), Some(1), "{refusal:?}");
        }
        let used = layer
            .handle()
            .monitor()
            .snapshot(&format!("us-east-1/{MODEL}"));
        assert_eq!(used.unwrap().charged_tokens, 0, "{refusal:?}");
        let start = Instant::now();
        stack.oneshot(Request::new(prompt("good"))).await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO, "{refusal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn half_of_the_callers_may_be_too_impatient_and_the_others_recover_from_an_outage() {
    let latency = Latency::new(Duration::from_secs(4), Duration::ZERO);
    let sim = sim().latency(latency);
    let over = Duration::from_secs(40);
    let outage = Duration::from_secs(10)..over;
    sim.script([Fault::service_unavailable().rate(1.0).during(outage)]);
    let quota = ModelQuota::new().tokens_per_minute(4_000_000);
    let stack = StackLayer::new("us-east-1")
        .quotas(Quotas::new().model(MODEL, quota))
        .layer(Bedrock::new(sim.sdk_config()));
    let start = Instant::now();
    let workers = (0..50).map(async |worker| {
        let mut first = None;
        for n in 0.. {
            if start.elapsed() > over + Duration::from_secs(60) {
                break;
            }
            let mut request = Request::new(prompt(&format!("{worker} {n}")));
            if worker % 2 == 0 {
                request = request.timeout(Duration::from_secs(1));
            }
            if stack.clone().oneshot(request).await.is_err() {
                sleep(Duration::from_secs(1)).await;
            } else if start.elapsed() > over {
                first.get_or_insert(start.elapsed() - over);
            }
        }
        first
    });
    let first = join_all(workers).await;
    for first in first.iter().skip(1).step_by(2) {
        let first = first.expect("it is answered again");
        assert!(first < Duration::from_secs(35), "{first:?}");
    }
}
