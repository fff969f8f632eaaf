//! A call that is dropped gives back what it holds, wherever it is on its way through the Regions.

mod common;

use aws_sdk_bedrockruntime::operation::converse::{ConverseInput, ConverseOutput};
use common::{MODEL, prompt};
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinHandle, time::sleep};
use tower::{Layer, ServiceExt, util::MapErr};
use tower_bedrock::{
    CacheUse, Error, ErrorKind, Regions, Request, Response, Stack, StackLayer,
    policy::{ModelQuota, Quotas},
    stack::Handle,
    test_util,
};
use tower_test::mock::{self, Mock};

type Asked = Request<ConverseInput>;
type Answered = Response<ConverseOutput>;
type Client = MapErr<Mock<Asked, Answered>, fn(tower::BoxError) -> Error>;

const EAST: &str = "us-east-1";
const WEST: &str = "us-west-2";

struct World {
    regions: Regions<Client>,
    east: mock::Handle<Asked, Answered>,
    west: mock::Handle<Asked, Answered>,
}

fn world() -> World {
    let of_box: fn(tower::BoxError) -> Error = Error::from_boxed;
    let (east_client, east) = mock::pair();
    let (west_client, west) = mock::pair();
    let clients = [(EAST, east_client), (WEST, west_client)];
    let clients = clients.map(|(name, client): (_, Mock<_, _>)| (name, client.map_err(of_box)));
    World {
        regions: Regions::of(clients),
        east,
        west,
    }
}

fn request(text: &str) -> Asked {
    Request::new(prompt(text)).cache(CacheUse::Bypass)
}

fn call(stack: &Stack<Regions<Client>>, text: &str) -> JoinHandle<Result<Answered, Error>> {
    tokio::spawn(stack.clone().oneshot(request(text)))
}

/// Lets those who can go on do so.
async fn a_moment() {
    sleep(Duration::from_millis(1)).await;
}

fn key(region: &str) -> Arc<str> {
    format!("{region}/{MODEL}").into()
}

fn holds(handle: &Handle, region: &str) -> (u64, u64) {
    let quota = handle.quota().snapshot(&key(region));
    quota.map_or((0, 0), |quota| (quota.pending_calls, quota.queued as u64))
}

fn stack_of(regions: Regions<Client>, calls: u64) -> (Stack<Regions<Client>>, Handle) {
    let quota = ModelQuota::new().requests_per_minute(calls);
    let layer = StackLayer::new(&regions).quotas(Quotas::new().model(MODEL, quota));
    let handle = layer.handle();
    (layer.layer(regions), handle)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_is_dropped_under_way_is_out_of_flight() {
    let World {
        regions,
        mut east,
        mut west,
    } = world();
    let (stack, handle) = stack_of(regions, 600);
    // Before its Region is ready.
    east.allow(0);
    let unready = call(&stack, "unready");
    a_moment().await;
    assert_eq!(holds(&handle, EAST).0, 1);
    unready.abort();
    a_moment().await;
    assert_eq!(holds(&handle, EAST), (0, 0));
    // When it was sent.
    east.allow(1);
    let sent = call(&stack, "sent");
    let (_, never_answers) = east.next_request().await.expect("it is sent");
    assert_eq!(holds(&handle, EAST).0, 1);
    sent.abort();
    a_moment().await;
    assert_eq!(holds(&handle, EAST), (0, 0));
    drop(never_answers);
    // When it has moved.
    east.allow(1);
    west.allow(0);
    let moved = call(&stack, "moved");
    let (_, fails) = east.next_request().await.expect("it is sent");
    fails.send_error(test_util::throttled());
    a_moment().await;
    assert_eq!((holds(&handle, EAST), holds(&handle, WEST).0), ((0, 0), 1));
    moved.abort();
    a_moment().await;
    assert_eq!(
        (holds(&handle, EAST), holds(&handle, WEST)),
        ((0, 0), (0, 0))
    );
    // Never polled at all.
    drop(stack.clone().oneshot(request("never")));
    assert_eq!(
        (holds(&handle, EAST), holds(&handle, WEST)),
        ((0, 0), (0, 0))
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_probe_that_is_dropped_leaves_its_place_to_the_next_call() {
    let World {
        regions,
        mut east,
        west,
    } = world();
    let (stack, handle) = stack_of(regions, 600);
    let circuit = handle.circuits().handle(&key(EAST));
    circuit.force_open_for(Duration::from_secs(1));
    sleep(Duration::from_secs(2)).await;
    let probe = call(&stack, "probe");
    let (_, never_answers) = east.next_request().await.expect("it is sent");
    // As long as it is out others go elsewhere.
    assert!(handle.circuits().rejects_for(&key(EAST)) > Duration::ZERO);
    probe.abort();
    a_moment().await;
    drop(never_answers);
    assert_eq!(handle.circuits().rejects_for(&key(EAST)), Duration::ZERO);
    let next = call(&stack, "next");
    let (_, answers) = east.next_request().await.expect("it is sent there");
    answers.send_response(test_util::text("hello"));
    assert!(next.await.expect("it does not panic").is_ok());
    drop(west);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_region_that_is_not_ready_fails_as_its_calls_do() {
    for (error, moves) in [
        (test_util::throttled(), true),
        (test_util::error(ErrorKind::Capacity), true),
        (Error::new(ErrorKind::Other, "broken"), false),
    ] {
        let World {
            regions,
            mut east,
            mut west,
        } = world();
        let (stack, handle) = stack_of(regions, 600);
        let kind = error.kind();
        east.send_error(error);
        let call = call(&stack, "hello");
        if moves {
            let (_, answers) = west.next_request().await.expect("it goes there");
            answers.send_response(test_util::text("hello"));
        }
        match call.await.expect("it does not panic") {
            Ok(answer) => assert_eq!(answer.meta().region(), Some(WEST)),
            Err(error) => assert_eq!((error.kind(), error.region()), (kind, Some(EAST))),
        }
        assert_eq!(
            (holds(&handle, EAST), holds(&handle, WEST)),
            ((0, 0), (0, 0))
        );
        drop(east);
    }
}
