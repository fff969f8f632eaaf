//! The README's example, as a task: services and futures are `Send`, and the compiler sees that.
//!
//! A key or a response with a lifetime in its type, such as `&'static str`, is a case of its own:
//! within an `async` block the compiler forgets that two lifetimes are the same `'static`
//! (rust-lang/rust#102211), and no longer sees that the keys of the policy are the keys of the store.

use std::time::Duration;

use tower::{BoxError, ServiceBuilder, ServiceExt};
use tower_response_cache::{ByKey, ResponseCacheLayer};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn readmes_example_runs_in_a_spawned_task() {
    let policy = ByKey::new(Duration::from_secs(60), |question: &String| {
        Some(question.clone())
    });
    let service = ServiceBuilder::new()
        .layer(ResponseCacheLayer::new(policy, 10_000))
        .service_fn(|question: String| async move { Ok::<_, BoxError>(question.len()) });
    let handle = service.handle();
    for hits in 0..2 {
        let service = service.clone();
        let task = tokio::spawn(async move { service.oneshot("why?".to_owned()).await });
        assert_eq!(task.await.unwrap().unwrap(), 4);
        assert_eq!(handle.snapshot().hits, hits);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn static_text_as_key_and_response_can_be_spawned_by_itself_or_boxed() {
    let policy = ByKey::new(Duration::from_secs(60), |_: &String| Some("the only key"));
    let service = ServiceBuilder::new()
        .layer(ResponseCacheLayer::new(policy, 10_000))
        .service_fn(|_: String| async { Ok::<_, BoxError>("because") });
    let handle = service.handle();
    // No `async` block around it, or a type that names neither.
    let one = tokio::spawn(service.clone().oneshot("why?".to_owned()));
    assert_eq!(one.await.unwrap().unwrap(), "because");
    let boxed = service.boxed_clone();
    let two = tokio::spawn(async move { boxed.oneshot("why not?".to_owned()).await });
    assert_eq!(two.await.unwrap().unwrap(), "because");
    assert_eq!(handle.snapshot().hits, 1);
}
