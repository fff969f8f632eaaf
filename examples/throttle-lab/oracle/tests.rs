use aws_sdk_bedrockruntime::Client;
use tokio::{
    task::{JoinSet, yield_now},
    time::{Instant, sleep_until},
};

use super::*;
use crate::{
    run::in_virtual_time,
    scenario::{Meter, Name, Quota},
    server::Server,
    strategy::sdk::send,
};

const METERS: [(Meter, f64); 5] = [
    (Meter::Bucket, 1.5),
    (Meter::Bucket, 10.0),
    (Meter::Bucket, 60.0),
    (Meter::Fixed, 0.0),
    (Meter::Sliding, 0.0),
];

/// Scenarios small enough for a test, with less of a quota so that it counts; there is no network
/// between.
fn scenarios() -> impl Iterator<Item = Scenario> {
    let small = |(name, calls, rpm, tpm)| Scenario {
        quota: Quota {
            rpm,
            tpm,
            tpd: None,
        },
        calls,
        network: Duration::ZERO,
        ..Scenario::named(name)
    };
    [
        (Name::Requests, 45, Some(20), None),
        (Name::Requests, 45, Some(20), Some(10_000)),
        (Name::Burndown, 70, None, Some(20_000)),
        (Name::Agents, 25, None, Some(200_000)),
        (Name::Over5, 60, None, Some(10_000)),
        (Name::Bursts, 60, Some(20), None),
    ]
    .into_iter()
    .map(small)
}

/// The scenario with each meter.
fn metered(scenario: &Scenario) -> impl Iterator<Item = Scenario> {
    METERS.into_iter().map(|(meter, burst)| {
        let scenario = Scenario {
            meter,
            burst: Duration::from_secs_f64(burst),
            ..scenario.clone()
        };
        scenario.with_room_for_the_largest_call()
    })
}

/// Plays what the oracle did against the simulator, and each call that had to wait a millisecond
/// too soon as well. Returns how often the one and the other is throttled, and how many others
/// there are.
fn replay(scenario: &Scenario, batch: &Batch) -> (u64, u64, u64) {
    let mut oracle = Oracle::new(scenario, batch);
    oracle.run(u64::MAX);
    assert_eq!(oracle.ended.len(), scenario.calls);
    let run = in_virtual_time(async {
        let server = Server::start(scenario, "replay".to_owned());
        let (in_time, throttles) = server.client("lab");
        let (too_soon, refusals) = server.client("lab");
        let in_time = Client::from_conf(in_time.build());
        let too_soon = Client::from_conf(too_soon.build());
        let start = Instant::now();
        let send_at = |client: &Client, call: usize, at: u64, yields| {
            let (client, prompt) = (client.clone(), batch.prompts[call].clone());
            async move {
                sleep_until(start + Duration::from_millis(at)).await;
                // What happens in this millisecond has happened by then.
                for _ in 0..yields {
                    yield_now().await;
                }
                let _ = send(client, prompt).await;
            }
        };
        let mut calls = JoinSet::new();
        let (mut last, mut waited) = (0, 0);
        for &(call, at) in &oracle.admitted {
            calls.spawn(send_at(&in_time, call, at, 20));
            // Those let in together with it may have been small enough before.
            if at > oracle.came[call] && at > last {
                calls.spawn(send_at(&too_soon, call, at - 1, 100));
                waited += 1;
            }
            last = at;
        }
        calls.join_all().await;
        (throttles.throttled(), refusals.throttled(), waited)
    });
    run.unwrap()
}

#[test]
fn a_call_goes_in_the_first_millisecond_in_which_the_simulator_lets_it_in() {
    let mut tried = 0;
    for scenario in scenarios() {
        let batch = Batch::draw(&scenario).unwrap();
        for scenario in metered(&scenario) {
            let (throttles, refusals, waited) = replay(&scenario, &batch);
            assert_eq!((throttles, refusals), (0, waited), "{scenario}");
            tried += waited;
        }
    }
    assert!(tried > 300, "{tried} had to wait");
}

#[test]
fn the_neighbour_gets_all_that_it_asks_for() {
    let seconds = |neighbour: Option<&str>| {
        let scenario = Scenario {
            neighbour: neighbour.map(|text| text.parse().unwrap()),
            calls: 300,
            ..Scenario::named(Name::Requests)
        };
        let batch = Batch::draw(&scenario).unwrap();
        let ideal = Ideal::new(&scenario, batch.charge);
        run(&scenario, &batch, &ideal)
            .makespan()
            .unwrap()
            .as_secs_f64()
    };
    // 290 s and the last call's own time; then half of a hundred seconds is the neighbour's.
    let alone = seconds(None);
    assert!((290.0..293.0).contains(&alone), "{alone}");
    let beside = seconds(Some("0.5@60s-160s")) - alone;
    assert!((49.0..51.0).contains(&beside), "{beside}");
    let after = seconds(Some("0.5@400s-500s")) - alone;
    assert!(after.abs() < 1e-9, "{after}");
}

#[test]
fn calls_that_fit_wait_for_nothing() {
    let scenario = Scenario::named(Name::Bursts);
    let batch = Batch::draw(&scenario).unwrap();
    let run = run(&scenario, &batch, &Ideal::new(&scenario, batch.charge));
    assert!(run.mean_wait().unwrap() < Duration::from_millis(5));
    let first = run.succeeded().map(|call| call.at).min().unwrap();
    assert!(first > Duration::from_secs(120));
}
