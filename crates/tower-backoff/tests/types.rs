//! What the types promise to the compiler and to a log.

use std::time::Duration;

use tower::{
    BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn,
    util::{BoxCloneSyncService, BoxService},
};
use tower_backoff::{
    AttemptTimeoutLayer, Backoff, BackoffLayer, Budget, Classify, Delays, Handle, Jitter,
    Overrides, Snapshot, Verdict,
};

fn assert_all<T: Send + Sync + Unpin + 'static>(_: &T) {}

async fn echo(request: String) -> Result<String, BoxError> {
    Ok(request)
}

#[test]
fn everything_crosses_threads() {
    let layer = BackoffLayer::new(|_: &Result<String, BoxError>| Verdict::Done);
    assert_all(&layer);
    assert_all(&layer.handle());
    assert_all(&layer.layer(service_fn(echo)));
    assert_all(&AttemptTimeoutLayer::new(Duration::from_secs(1)));
    fn types<T: Send + Sync + Unpin + 'static>() {}
    types::<(
        Backoff,
        Budget,
        Delays,
        Handle,
        Jitter,
        Overrides,
        Snapshot,
        Verdict,
    )>();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn closures_need_only_their_argument_named() {
    let service = ServiceBuilder::new()
        .layer(BackoffLayer::new(
            |result: &Result<_, BoxError>| match result {
                Ok(_) => Verdict::Done,
                Err(_) => Verdict::transient(),
            },
        ))
        .service(service_fn(echo));
    assert_eq!(service.oneshot("hello".to_owned()).await.unwrap(), "hello");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_service_can_be_boxed_and_its_future_spawned() {
    let layer = BackoffLayer::new(|_: &Result<String, BoxError>| Verdict::Done);
    let mut service = layer.layer(BoxCloneSyncService::new(service_fn(echo)));
    let future = service.ready().await.unwrap().call("hello".to_owned());
    assert_eq!(tokio::spawn(future).await.unwrap().unwrap(), "hello");
    let boxed = BoxService::new(service);
    assert_eq!(boxed.oneshot("hello".to_owned()).await.unwrap(), "hello");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn neither_service_nor_request_need_be_send() {
    let local = std::rc::Rc::new(String::from("local"));
    let service = service_fn({
        move |_: std::rc::Rc<str>| {
            let local = std::rc::Rc::clone(&local);
            async move { Ok::<_, std::convert::Infallible>(local) }
        }
    });
    let layer = BackoffLayer::new(|_: &Result<_, std::convert::Infallible>| Verdict::Done);
    assert_eq!(
        *layer.layer(service).oneshot("hello".into()).await.unwrap(),
        "local"
    );
}

#[test]
fn a_debug_output_shows_no_request() {
    let layer = BackoffLayer::new(|_: &Result<String, BoxError>| Verdict::Done);
    let mut service = layer.layer(service_fn(echo));
    let future = service.call("a secret prompt".to_owned());
    for shown in [
        format!("{future:?}"),
        format!("{service:?}"),
        format!("{layer:?}"),
    ] {
        assert!(!shown.contains("secret"), "{shown}");
    }
    assert!(format!("{future:?}").contains("attempts: 1"));
}

#[test]
fn classifiers_and_replays_are_object_safe() {
    let classify: Box<dyn Classify<u8, BoxError>> =
        Box::new(|_: &Result<u8, BoxError>| Verdict::throttled());
    assert_eq!(classify.classify(&Ok(1)), Verdict::throttled());
    let replay: Box<dyn tower_backoff::Replay<u8>> = Box::new(tower_backoff::ReplayClone);
    assert_eq!(replay.replay(&1), Some(1));
}

#[test]
#[should_panic(expected = "the first call is an attempt too")]
fn no_attempts_at_all_is_refused() {
    let _ = BackoffLayer::new(|_: &Result<(), BoxError>| Verdict::Done).max_attempts(0);
}

#[test]
#[should_panic(expected = "base is longer than cap")]
fn a_base_beyond_the_cap_is_refused() {
    let _ = Backoff::new(Duration::from_secs(2), Duration::from_secs(1));
}
