//! Streams that several read at once.

mod common;
#[path = "common/kept.rs"]
mod kept;

use bedrock_sim::{Fault, ScriptedAnswer};
use common::{MODEL, bedrock, simulator};
use kept::{KEY, admitted, ask, policy, request, rest, stack, stack_with};
use std::time::Duration;
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_bedrock::{CacheStatus, ErrorKind, StackLayer, Usage};

#[tokio::test(start_paused = true)]
async fn who_asks_for_the_same_meanwhile_reads_along_from_the_first_event_on() {
    let sim = simulator();
    let policy = policy();
    let savings = policy.savings();
    let stack = stack_with(&sim, policy);
    let mut first = ask(&stack).await;
    let mut begun = vec![first.recv().await.unwrap().unwrap()];
    begun.push(first.recv().await.unwrap().unwrap());
    let mut second = ask(&stack).await;
    assert_eq!(second.meta().cache(), Some(CacheStatus::Joined));
    // The second one reads ahead of the first, and drives.
    let (events, error) = rest(&mut second).await;
    assert!(error.is_none());
    assert_eq!(events[..2], begun[..]);
    begun.extend(rest(&mut first).await.0);
    assert_eq!(begun, events);
    assert_eq!(admitted(&sim), 1);
    assert_eq!(second.meta().usage(), Some(Usage::default()));
    assert_eq!(second.meta().saved(), first.meta().usage());
    let saved = savings.snapshot();
    assert_eq!(
        (saved.answers, Some(saved.usage)),
        (1, first.meta().usage())
    );
    assert_eq!(ask(&stack).await.meta().cache(), Some(CacheStatus::Hit));
}

#[tokio::test(start_paused = true)]
async fn when_the_first_reader_leaves_the_others_go_on_and_the_stream_is_kept() {
    let sim = simulator();
    let layer = StackLayer::new("us-east-1");
    let quota = layer.handle().quota();
    let stack = layer.layer(bedrock(&sim));
    let mut first = ask(&stack).await;
    first.recv().await.unwrap();
    let mut second = ask(&stack).await;
    drop(first);
    let used = |used| {
        let snapshot = quota.snapshot(&KEY.into()).unwrap();
        (snapshot.pending_calls, snapshot.total_used == used)
    };
    assert_eq!(used(0), (1, true));
    let (events, error) = rest(&mut second).await;
    assert!(error.is_none() && events.len() > 4);
    let theirs = sim.usage().model(MODEL).unwrap().settled;
    assert_eq!(used(theirs), (0, true));
    assert_eq!(ask(&stack).await.meta().cache(), Some(CacheStatus::Hit));
}

#[tokio::test(start_paused = true)]
async fn a_readers_own_deadline_is_not_the_end_of_the_others() {
    let sim = simulator();
    sim.script([Fault::slow_body(Duration::from_secs(1))]);
    let layer = StackLayer::new("us-east-1");
    let quota = layer.handle().quota();
    let stack = layer.layer(bedrock(&sim));
    let hurried = request().timeout(Duration::from_secs(3)).whole_stream();
    let mut first = stack.clone().oneshot(hurried).await.unwrap();
    let mut second = ask(&stack).await;
    assert_eq!(second.meta().cache(), Some(CacheStatus::Joined));
    let (_, error) = rest(&mut first).await;
    assert_eq!(error.unwrap().kind(), ErrorKind::DeadlineExceeded);
    let ours = || quota.snapshot(&KEY.into()).unwrap();
    assert_eq!(ours().pending_calls, 1);
    assert!(rest(&mut second).await.1.is_none());
    let theirs = sim.usage().model(MODEL).unwrap().settled;
    assert_eq!((ours().pending_calls, ours().total_used), (0, theirs));
    assert_eq!(ask(&stack).await.meta().cache(), Some(CacheStatus::Hit));
}

#[tokio::test(start_paused = true)]
async fn one_who_reads_along_has_a_deadline_of_its_own() {
    let sim = simulator();
    sim.script([Fault::slow_body(Duration::from_secs(1))]);
    let stack = stack(&sim);
    let mut first = ask(&stack).await;
    let hurried = request().timeout(Duration::from_secs(3)).whole_stream();
    let begun = Instant::now();
    let mut second = stack.clone().oneshot(hurried).await.unwrap();
    assert_eq!(second.meta().cache(), Some(CacheStatus::Joined));
    let (_, error) = rest(&mut second).await;
    assert_eq!(error.unwrap().kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
    assert!(rest(&mut first).await.1.is_none());
    assert_eq!(ask(&stack).await.meta().cache(), Some(CacheStatus::Hit));
}

#[tokio::test(start_paused = true)]
async fn a_break_reaches_all_readers_and_nothing_is_kept() {
    for fault in [Fault::stream_cut(), Fault::connection_reset()] {
        let sim = simulator();
        sim.script([fault.at(3)]);
        let stack = stack(&sim);
        let mut first = ask(&stack).await;
        let mut second = ask(&stack).await;
        assert_eq!(second.meta().cache(), Some(CacheStatus::Joined));
        for stream in [&mut first, &mut second] {
            let (events, error) = rest(stream).await;
            assert_eq!(events.len(), 3);
            let error = error.unwrap();
            assert_eq!(error.kind(), ErrorKind::Truncated);
            assert_eq!(error.events_delivered(), Some(3));
        }
        assert_eq!(ask(&stack).await.meta().cache(), Some(CacheStatus::Miss));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_all_have_left_is_not_kept_and_joined_no_more() {
    let sim = simulator();
    let stack = stack(&sim);
    let mut first = ask(&stack).await;
    first.recv().await.unwrap();
    let second = ask(&stack).await;
    drop((first, second));
    let mut third = ask(&stack).await;
    assert_eq!(third.meta().cache(), Some(CacheStatus::Miss));
    assert!(rest(&mut third).await.1.is_none());
    assert_eq!(ask(&stack).await.meta().cache(), Some(CacheStatus::Hit));
}

#[tokio::test(start_paused = true)]
async fn a_stream_too_long_to_be_recorded_stalls_nobody_and_is_joined_no_more() {
    let sim = simulator();
    // Some ten megabytes of events.
    let words = "word ".repeat(100_000);
    sim.script([ScriptedAnswer::new().text(words).times(2)]);
    let stack = stack(&sim);
    let mut first = ask(&stack).await;
    let mut slow = ask(&stack).await;
    assert_eq!(slow.meta().cache(), Some(CacheStatus::Joined));
    slow.recv().await.unwrap();
    while !first.recv().await.unwrap().unwrap().is_message_stop() {}
    assert_eq!(ask(&stack).await.meta().cache(), Some(CacheStatus::Miss));
    let (_, error) = rest(&mut slow).await;
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert!(
        error.message().unwrap().contains("too far behind"),
        "{error}"
    );
    assert!(rest(&mut first).await.1.is_none());
    assert_eq!(ask(&stack).await.meta().cache(), Some(CacheStatus::Miss));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_falls_too_far_behind_is_not_the_end_of_the_others() {
    let sim = simulator();
    // Some ten megabytes of events.
    sim.script([ScriptedAnswer::new().text("word ".repeat(100_000))]);
    let layer = StackLayer::new("us-east-1");
    let quota = layer.handle().quota();
    let stack = layer.layer(bedrock(&sim));
    let mut first = ask(&stack).await;
    let mut slow = ask(&stack).await;
    slow.recv().await.unwrap();
    while !first.recv().await.unwrap().unwrap().is_message_stop() {}
    let (_, error) = rest(&mut slow).await;
    let text = error.unwrap().to_string();
    assert_eq!(text.matches("too far behind").count(), 1, "{text}");
    let ours = || quota.snapshot(&KEY.into()).unwrap();
    assert_eq!(ours().pending_calls, 1);
    assert!(rest(&mut first).await.1.is_none());
    let theirs = sim.usage().model(MODEL).unwrap().settled;
    assert_eq!((ours().pending_calls, ours().total_used), (0, theirs));
}
