//! A model of which a part of the calls fails, and one that is down altogether for a while.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use bedrock_sim::{Fault, Latency, Model, ScriptEntry, ScriptedAnswer, Simulator};
use end_to_end::{MODEL, prompt};
use std::{
    ops::Range,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tower_bedrock::{
    Bedrock, Error, ErrorKind, Request, Response, StackLayer,
    aws_sdk_bedrockruntime::operation::converse::{ConverseInput, ConverseOutput},
    policy::{CircuitPolicy, ModelQuota, Quotas, RetryPolicy},
    tower_backoff::AttemptTimeoutLayer,
};

const WORKERS: u32 = 50;
/// The mean of 16 to 200 tokens: the first after a second, each further one after 25 ms.
const MEAN_ANSWER: f64 = 3.7;
const SECOND: Duration = Duration::from_secs(1);

fn sim(fault: impl Into<ScriptEntry>) -> Simulator {
    let sim = Simulator::new()
        .latency(Latency::new(SECOND, Duration::from_millis(25)))
        .model(Model::new(MODEL).tokens_per_minute(4_000_000));
    sim.script([fault]);
    sim
}

fn stack() -> StackLayer {
    // Layers take what they draw by chance from this thread when they are made: the same in every run.
    fastrand::seed(1);
    let quota = ModelQuota::new().tokens_per_minute(4_000_000);
    StackLayer::new("us-east-1").quotas(Quotas::new().model(MODEL, quota))
}

/// One call, as its worker saw it.
struct Ended {
    began: Duration,
    at: Duration,
    error: Option<Error>,
}

impl Ended {
    fn took(&self) -> Duration {
        self.at - self.began
    }
}

/// Fifty workers who go on for so long, and pause for a second after a call that is lost.
async fn work<S>(service: S, lasts: Duration) -> Vec<Ended>
where
    S: Service<Request<ConverseInput>, Response = Response<ConverseOutput>, Error = Error>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let start = Instant::now();
    let log = Arc::new(Mutex::new(Vec::new()));
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let (service, log) = (service.clone(), Arc::clone(&log));
        workers.spawn(async move {
            for n in 0.. {
                let began = start.elapsed();
                let call = prompt(&format!("{worker} {n}"));
                let result = service.clone().oneshot(Request::new(call)).await;
                let error = result.err();
                let lost = error.is_some();
                log.lock().unwrap().push(Ended {
                    began,
                    at: start.elapsed(),
                    error,
                });
                if lost {
                    sleep(SECOND).await;
                }
            }
        });
    }
    drop(timeout(lasts, workers.join_all()).await);
    std::mem::take(&mut *log.lock().unwrap())
}

fn lost(calls: &[Ended]) -> f64 {
    let lost = calls.iter().filter(|call| call.error.is_some()).count();
    lost as f64 / calls.len() as f64
}

/// Answers a second within a span of time, by what the workers get if nothing fails. Ten seconds hold
/// so few that chance would decide; of 35 it differs by less than one in a hundred.
fn goodput(calls: &[Ended], span: Range<Duration>) -> f64 {
    let answered = |call: &&Ended| call.error.is_none() && span.contains(&call.at);
    let answers = calls.iter().filter(answered).count() as f64;
    answers / (span.end - span.start).as_secs_f64() / f64::from(WORKERS) * MEAN_ANSWER
}

/// How often circuits opened, and how many calls they turned away.
fn turned_away(layer: &StackLayer) -> (u32, u64) {
    let circuit = layer
        .handle()
        .circuits()
        .handle(&format!("us-east-1/{MODEL}").into());
    let snapshot = circuit.snapshot();
    (snapshot.generation, snapshot.rejections)
}

/// What a share of failing calls came to in one run.
struct Run {
    lost: f64,
    goodput: f64,
}

impl Run {
    fn of(calls: &[Ended], lasts: Duration) -> Self {
        Self {
            lost: lost(calls),
            goodput: goodput(calls, Duration::ZERO..lasts),
        }
    }
}

/// The mean of some runs.
fn mean(runs: &[Run], of: impl Fn(&Run) -> f64) -> f64 {
    runs.iter().map(of).sum::<f64>() / runs.len() as f64
}

/// A share of the calls fails for so many seconds: with the stack, and with retries alone, in so many
/// runs that chance does not decide.
async fn loses_no_more_than_retries_alone(share: f64, seconds: u32, runs: Range<u64>) {
    let lasts = seconds * SECOND;
    let (mut with_stack, mut alone) = (vec![], vec![]);
    for seed in runs {
        let bedrock = || {
            let fault = Fault::service_unavailable().rate(share);
            Bedrock::new(sim(fault).seed(seed).sdk_config())
        };
        let policy = RetryPolicy::new().layer_over_quota().seed(1);
        let calls = work(policy.layer(bedrock()), lasts).await;
        alone.push(Run::of(&calls, lasts));
        let layer = stack();
        let calls = work(layer.layer(bedrock()), lasts).await;
        assert_eq!(turned_away(&layer), (0, 0));
        with_stack.push(Run::of(&calls, lasts));
    }
    let [stack, retries] = [&with_stack, &alone].map(|runs| mean(runs, |run| run.lost));
    assert!(stack <= retries + 0.02, "{stack} {retries}");
    let [stack, retries] = [&with_stack, &alone].map(|runs| mean(runs, |run| run.goodput));
    assert!(stack >= 0.95 * retries, "{stack} {retries}");
}

// A test for each share, since they take long and can run side by side.
#[tokio::test(start_paused = true)]
async fn where_a_fifth_fails_no_more_is_lost_than_by_retries_alone() {
    loses_no_more_than_retries_alone(0.2, 20, 0..1).await;
}

#[tokio::test(start_paused = true)]
async fn where_half_fails_no_more_is_lost_than_by_retries_alone() {
    loses_no_more_than_retries_alone(0.5, 25, 0..1).await;
}

#[tokio::test(start_paused = true)]
async fn where_four_in_five_fail_no_more_is_lost_than_by_retries_alone() {
    loses_no_more_than_retries_alone(0.8, 80, 0..3).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_half_of_the_calls_meets_no_circuit_opens() {
    let late = ScriptedAnswer::new().delay(20 * SECOND);
    let busy = Fault::throttling().message("Model is currently overloaded.");
    let faults: [ScriptEntry; 4] = [
        Fault::model_not_ready().delay(2 * SECOND).rate(0.5).into(),
        Fault::internal_server().rate(0.5).into(),
        busy.rate(0.5).into(),
        late.rate(0.5).into(),
    ];
    for fault in faults {
        let layer = stack();
        let bedrock = Bedrock::new(sim(fault.clone()).sdk_config());
        let calls = work(layer.layer(bedrock), 15 * SECOND).await;
        assert_eq!(turned_away(&layer), (0, 0), "{fault:?}");
        assert!(lost(&calls) < 0.001, "{} by {fault:?}", lost(&calls));
    }
}

#[tokio::test(start_paused = true)]
async fn half_of_the_attempts_may_time_out_and_no_circuit_opens() {
    let (limit, lasts) = (10 * SECOND, 60 * SECOND);
    let hang = || sim(Fault::hang().rate(0.5)).sdk_config();
    let retries = ServiceBuilder::new()
        .layer(RetryPolicy::new().layer_over_quota().seed(1))
        .layer(AttemptTimeoutLayer::new(limit));
    let alone = work(retries.service(Bedrock::new(hang())), lasts).await;

    let breaker = CircuitPolicy::new("us-east-1")
        .longest_answer(limit)
        .layer();
    let layer = stack().attempt_timeout(limit).circuit_breaker(breaker);
    let calls = work(layer.layer(Bedrock::new(hang())), lasts).await;
    assert_eq!(turned_away(&layer), (0, 0));
    // Two attempts in all, as they are paid for: a quarter of the calls meets two that hang.
    let [stack, retries] = [lost(&calls), lost(&alone)];
    assert!(stack <= retries + 0.02, "{stack} {retries}");
    assert!((0.15..0.35).contains(&stack), "{stack}");
}

#[tokio::test(start_paused = true)]
async fn an_outage_fails_fast_and_is_over_soon_after_its_end() {
    let (from, to) = (20 * SECOND, 80 * SECOND);
    for fault in [
        Fault::service_unavailable(),
        Fault::model_not_ready().delay(SECOND),
    ] {
        let sim = sim(fault.clone().rate(1.0).during(from..to));
        let struck = tokio::spawn(struck_between(sim.clone(), from + 10 * SECOND, to));
        let layer = stack();
        let calls = work(layer.layer(Bedrock::new(sim.sdk_config())), 145 * SECOND).await;
        let asked = from + 10 * SECOND..to - 10 * SECOND;
        let told = calls.iter().filter(|call| asked.contains(&call.began));
        let mut number = 0;
        for call in told {
            number += 1;
            let error = call.error.as_ref().expect("the model is down");
            assert_eq!(error.kind(), ErrorKind::CircuitOpen, "{error} by {fault:?}");
            assert!(call.took() <= 7 * SECOND, "{:?} by {fault:?}", call.took());
        }
        assert!(number > 200, "{number} by {fault:?}");
        // What it sees when it is well is 13.5 calls a second.
        let load = struck.await.unwrap() as f64 / 50.0 * MEAN_ANSWER / f64::from(WORKERS);
        assert!(load <= 0.02, "{load} by {fault:?}");
        let after = goodput(&calls, to + 30 * SECOND..to + 65 * SECOND);
        assert!(after >= 0.95, "{after} by {fault:?}");
    }
}

/// How many calls a fault struck from one time to another.
async fn struck_between(sim: Simulator, from: Duration, to: Duration) -> u64 {
    let struck = || sim.usage().model(MODEL).unwrap().faulted;
    sleep(from).await;
    let before = struck();
    sleep(to - from).await;
    struck() - before
}

#[tokio::test(start_paused = true)]
async fn a_model_that_hangs_opens_its_circuit_and_comes_back() {
    let limit = 10 * SECOND;
    let (from, to) = (10 * SECOND, 90 * SECOND);
    let breaker = CircuitPolicy::new("us-east-1")
        .longest_answer(limit)
        .layer();
    let layer = stack().attempt_timeout(limit).circuit_breaker(breaker);
    let sim = sim(Fault::hang().rate(1.0).during(from..to));
    let calls = work(layer.layer(Bedrock::new(sim.sdk_config())), 165 * SECOND).await;
    let asked = from + 25 * SECOND..to - 20 * SECOND;
    let told: Vec<_> = calls
        .iter()
        .filter(|call| asked.contains(&call.began))
        .collect();
    assert!(told.len() > 200, "{}", told.len());
    for call in told {
        let error = call.error.as_ref().expect("the model hangs");
        assert_eq!(error.kind(), ErrorKind::CircuitOpen, "{error}");
        // The longest are the probes, which hang too.
        assert!(call.took() <= 16 * SECOND, "{:?}", call.took());
    }
    let after = goodput(&calls, to + 35 * SECOND..to + 70 * SECOND);
    assert!(after >= 0.95, "{after}");
}
