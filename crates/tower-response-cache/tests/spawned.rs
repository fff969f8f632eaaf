//! The README's example, as a task: services and futures are `Send` whatever the lifetimes.

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
