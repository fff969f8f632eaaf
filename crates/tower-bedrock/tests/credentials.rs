//! Credentials that cannot be had for a while, or not at all, through the real SDK client.

mod common;

use aws_credential_types::provider::{self, error::CredentialsError, future};
use aws_sdk_bedrockruntime::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use bedrock_sim::Simulator;
use common::{MODEL, prompt, simulator};
use futures_util::{StreamExt, stream};
use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_bedrock::{Bedrock, Error, ErrorKind, Request, Response, Stack, StackLayer};

const SECOND: Duration = Duration::from_secs(1);

/// What a provider does while it has no credentials to give.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    Unavailable,
    Hangs,
    None,
    WronglySetUp,
    Panics,
}

/// Gives out credentials for a minute, but not in a span of time since its beginning.
#[derive(Debug, Clone)]
struct Provider {
    trouble: Trouble,
    span: Range<Duration>,
    began: (Instant, SystemTime),
    asked: Arc<AtomicU32>,
}

impl Provider {
    fn new(trouble: Trouble, span: Range<Duration>) -> Self {
        Self {
            trouble,
            span,
            began: (Instant::now(), SystemTime::now()),
            asked: Arc::default(),
        }
    }

    async fn give(&self) -> provider::Result {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let since = self.began.0.elapsed();
        if !self.span.contains(&since) {
            let expires = self.began.1 + since + 60 * SECOND;
            return Ok(Credentials::new("id", "key", None, Some(expires), "test"));
        }
        Err(match self.trouble {
            Trouble::Unavailable => {
                CredentialsError::provider_error("503 from the metadata service")
            }
            Trouble::Hangs => std::future::pending().await,
            Trouble::None => CredentialsError::not_loaded("no role on this machine"),
            Trouble::WronglySetUp => CredentialsError::invalid_configuration("a loop of roles"),
            Trouble::Panics => panic!("the provider is broken"),
        })
    }
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.give())
    }
}

fn stack(sim: &Simulator, provider: &Provider) -> (StackLayer, Stack) {
    let provider = SharedCredentialsProvider::new(provider.clone());
    let layer = StackLayer::new("us-east-1");
    let config = sim.sdk_config().credentials_provider(provider);
    let stack = layer.layer(Bedrock::new(config));
    (layer, stack)
}

async fn ask(stack: &Stack, text: String) -> Result<Response<impl Sized + use<>>, Error> {
    stack.clone().oneshot(Request::new(prompt(&text))).await
}

/// A hundred calls, 50 at a time: how many are lost.
async fn lost(stack: &Stack) -> usize {
    let calls = stream::iter(0..100).map(|n| ask(stack, format!("call {n} {:?}", Instant::now())));
    let calls = calls.buffer_unordered(50);
    calls
        .filter(|result| std::future::ready(result.is_err()))
        .count()
        .await
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_down_for_two_seconds_costs_no_call() {
    let sim = simulator();
    for (span, begin) in [(0..2, 0), (55..57, 55)] {
        let provider = Provider::new(Trouble::Unavailable, span.start * SECOND..span.end * SECOND);
        let (layer, stack) = stack(&sim, &provider);
        if begin > 0 {
            // What the SDK keeps of them has run out by then: it asks anew five to ten seconds before.
            ask(&stack, "first".to_owned()).await.unwrap();
            tokio::time::advance(begin * SECOND).await;
        }
        assert_eq!(lost(&stack).await, 0, "{span:?}");
        assert!(provider.asked.load(Ordering::Relaxed) > 1, "{span:?}");
        let key = Arc::from(format!("us-east-1/{MODEL}"));
        let circuit = layer.handle().circuits().handle(&key).snapshot();
        assert_eq!(circuit.failures, 0, "{span:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_hangs_is_asked_again() {
    let sim = simulator();
    let provider = Provider::new(Trouble::Hangs, Duration::ZERO..SECOND);
    let (_, stack) = stack(&sim, &provider);
    assert_eq!(lost(&stack).await, 0);
    assert_eq!(provider.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_stays_away_says_nothing_of_the_model_and_costs_no_quota() {
    let sim = simulator();
    let provider = Provider::new(Trouble::Unavailable, Duration::ZERO..3600 * SECOND);
    let (layer, stack) = stack(&sim, &provider);
    let start = Instant::now();
    assert_eq!(lost(&stack).await, 100);
    assert!(start.elapsed() < 600 * SECOND, "{:?}", start.elapsed());
    let error = ask(&stack, "last".to_owned()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    assert!(error.to_string().contains("metadata service"), "{error}");
    let key = Arc::from(format!("us-east-1/{MODEL}"));
    assert_eq!(
        layer.handle().circuits().handle(&key).snapshot().failures,
        0
    );
    let used = layer.handle().monitor().snapshot(&key).unwrap();
    assert_eq!(used.charged_tokens, 0, "{used:?}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_says_no_is_not_asked_again() {
    let sim = simulator();
    for trouble in [Trouble::None, Trouble::WronglySetUp] {
        let provider = Provider::new(trouble, Duration::ZERO..SECOND);
        let (_, stack) = stack(&sim, &provider);
        let error = ask(&stack, "hello".to_owned()).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
        assert_eq!(error.attempts(), Some(1));
        assert_eq!(provider.asked.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_panics_once_harms_no_later_call() {
    let sim = simulator();
    let provider = Provider::new(Trouble::Panics, Duration::ZERO..SECOND);
    let (layer, stack) = stack(&sim, &provider);
    // Two of them are one to the cache.
    let calls: Vec<_> = ["a", "a", "b"]
        .map(|text| stack.clone().oneshot(Request::new(prompt(text))))
        .map(tokio::spawn)
        .into();
    for call in calls {
        // It panics as the provider did, or gets what another one makes of it.
        match call.await {
            Ok(answer) => drop(answer.unwrap()),
            Err(died) => assert!(died.is_panic(), "{died}"),
        }
    }
    tokio::time::advance(2 * SECOND).await;
    assert_eq!(lost(&stack).await, 0);
    let key: Arc<str> = format!("us-east-1/{MODEL}").into();
    assert_eq!(
        layer.handle().circuits().handle(&key).snapshot().failures,
        0
    );
    let used = layer.handle().quota().snapshot(&key).unwrap();
    assert_eq!((used.pending_calls, used.queued), (0, 0), "{used:?}");
}
