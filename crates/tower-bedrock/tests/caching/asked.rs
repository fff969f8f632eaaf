//! What requests and handles ask of the cache.

use aws_sdk_bedrockruntime::operation::converse::ConverseInput;
use bedrock_sim::Fault;
use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, advance};
use tower::{Layer, ServiceExt};
use tower_bedrock::{CacheStatus, CacheUse, Error, ErrorKind, Request};

use crate::common::{MODEL, bedrock, prompt, simulator};
use crate::support::{HOUR, MIB, admitted, policy, warm};

#[tokio::test(start_paused = true)]
async fn an_old_answer_is_better_than_a_throttle_if_the_user_says_so() {
    for (faults, served) in [(Fault::throttling(), true), (Fault::validation(), false)] {
        let sim = simulator();
        let layer = policy().stale_if_error(HOUR).layer(MIB);
        let service = layer.layer(bedrock(&sim));
        let ask = || service.clone().oneshot(Request::new(prompt("hello")));
        let first = ask().await.unwrap();
        advance(HOUR).await;
        sim.script([faults]);
        match ask().await {
            Ok(stale) => {
                assert!(served);
                assert_eq!(stale.meta().cache(), Some(CacheStatus::StaleIfError));
                assert_eq!(*stale, *first);
            }
            Err(error) => assert!(!served && error.kind() == ErrorKind::Invalid),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_says_how_a_cache_may_take_part() {
    let sim = simulator();
    // A request for a stored answer never reaches Bedrock, not even where chance would bypass.
    let service = policy().sampled(false).layer(MIB).layer(bedrock(&sim));
    let only = || Request::new(warm(None)).cache(CacheUse::OnlyIfCached);
    let error = service.clone().oneshot(only()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotCached);
    assert_eq!(admitted(&sim), 0);

    let service = policy().layer(MIB).layer(bedrock(&sim));
    let status = async |request: Request<ConverseInput>| {
        let response = service.clone().oneshot(request).await?;
        Ok::<_, Error>(response.meta().cache().unwrap())
    };
    let hello = || Request::new(prompt("hello"));
    let unstored = hello().cache(CacheUse::NoStore);
    assert_eq!(status(unstored.clone()).await.unwrap(), CacheStatus::Miss);
    let only = hello().cache(CacheUse::OnlyIfCached);
    let error = status(only.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotCached);

    let minute = Duration::from_secs(60);
    let brief = hello().cache_for(minute);
    assert_eq!(status(brief).await.unwrap(), CacheStatus::Miss);
    assert_eq!(status(unstored).await.unwrap(), CacheStatus::Hit);
    assert_eq!(status(only.clone()).await.unwrap(), CacheStatus::Hit);
    advance(minute).await;
    assert!(status(only).await.is_err());
    assert_eq!(admitted(&sim), 2);
}

#[tokio::test(start_paused = true)]
async fn invalidated_tenant_leaves_the_calls_of_others_alone() {
    let sim = simulator();
    let layer = policy().layer(MIB);
    let inner = bedrock(&sim);
    let slow = tower::service_fn(move |request: Request<ConverseInput>| {
        let call = inner.clone().oneshot(request);
        async move {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            call.await
        }
    });
    let service = layer.layer(slow);
    let ask = |tenant| {
        let request = Request::new(prompt("hello")).tenant(tenant);
        tokio::spawn(service.clone().oneshot(request))
    };
    let mut calls = vec![ask("acme"), ask("umbrella")];
    tokio::task::yield_now().await;
    assert_eq!(layer.handle().snapshot().flights, 2);
    layer.handle().invalidate_tag("tenant:acme");
    calls.extend([ask("acme"), ask("umbrella")]);
    let mut statuses = Vec::new();
    for call in calls {
        statuses.extend(call.await.unwrap().unwrap().meta().cache());
    }
    use CacheStatus::{Joined, Miss};
    assert_eq!(statuses, [Miss, Miss, Miss, Joined]);
    assert_eq!(layer.handle().snapshot().store.entries, 2);
}

#[tokio::test(start_paused = true)]
async fn answers_are_found_by_model_and_tenant() {
    let sim = simulator();
    let layer = policy().layer(MIB);
    let service = layer.layer(bedrock(&sim));
    let status = async |tenant: &str| {
        let request = Request::new(prompt("hello")).tenant(tenant);
        service
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .meta()
            .cache()
            .unwrap()
    };
    for tenant in ["acme", "umbrella"] {
        assert_eq!(status(tenant).await, CacheStatus::Miss);
    }
    layer.handle().invalidate_tag("tenant:acme");
    assert_eq!(status("umbrella").await, CacheStatus::Hit);
    assert_eq!(status("acme").await, CacheStatus::Miss);
    layer.handle().invalidate_tag(&format!("model:{MODEL}"));
    assert_eq!(status("umbrella").await, CacheStatus::Miss);
}

/// 100 callers of one key, of which each call fails after a second: how many calls are made, and when the last
/// caller has its error.
async fn outage(own_limits: bool) -> (u64, Duration) {
    let sim = simulator();
    sim.script([Fault::service_unavailable().rate(1.0)]);
    let (inner, calls) = (bedrock(&sim), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&calls);
    let slow = tower::service_fn(move |request: Request<ConverseInput>| {
        counted.fetch_add(1, Ordering::Relaxed);
        let call = inner.clone().oneshot(request);
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            call.await
        }
    });
    let service = policy().layer(MIB).layer(slow);
    let start = Instant::now();
    let callers = (0..100).map(|_| {
        let request = Request::new(prompt("hello"));
        let request = if own_limits {
            request.max_attempts(NonZeroU32::MIN)
        } else {
            request
        };
        tokio::spawn(service.clone().oneshot(request))
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap().unwrap_err();
    }
    (calls.load(Ordering::Relaxed), start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_nobody_waits_for_more_than_two_failed_calls() {
    let second = Duration::from_secs(1);
    assert_eq!(outage(false).await, (1, second));
    // After two errors that may be due to limits of their callers each makes a call of its own.
    assert_eq!(outage(true).await, (100, 3 * second));
}
