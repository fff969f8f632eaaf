//! The README's example, as a task: services and futures are `Send` whatever the lifetimes.

use std::{io::Error, time::Duration};

use tower::{ServiceBuilder, ServiceExt, service_fn};
use tower_backoff::{BackoffLayer, Verdict};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_readmes_example_runs_in_a_spawned_task() {
    let backoff = BackoffLayer::new(|result: &Result<u16, Error>| match result {
        Ok(429) => Verdict::throttled().retry_after(Duration::from_secs(3)),
        Ok(500..) | Err(_) => Verdict::transient(),
        Ok(_) => Verdict::Done,
    });
    let service = ServiceBuilder::new()
        .layer(backoff.deadline(Duration::from_secs(120)))
        .service(service_fn(
            |path: String| async move { Ok(path.len() as u16) },
        ));
    let task = tokio::spawn(async move { service.oneshot("/hello".to_owned()).await });
    assert_eq!(task.await.unwrap().unwrap(), 6);
}
