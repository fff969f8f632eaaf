//! A call ends at its request's deadline, and is over when it ends.

mod common;

use aws_sdk_bedrockruntime::{
    operation::converse::{ConverseInput, ConverseOutput},
    types::StopReason,
};
use common::prompt;
use std::{
    future::{Future, pending, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    task::{coop::consume_budget, yield_now},
    time::{Instant, advance},
};
use tower::{Layer, Service, ServiceExt};
use tower_bedrock::{DeadlineLayer, Error, ErrorKind, Request, Response};

const SECOND: Duration = Duration::from_secs(1);

type Answer = Pin<Box<dyn Future<Output = Result<Response<ConverseOutput>, Error>> + Send>>;

/// Answers with what `make` makes.
#[derive(Clone)]
struct Answers<F>(F);

impl<F: Fn() -> Answer> Service<Request<ConverseInput>> for Answers<F> {
    type Response = Response<ConverseOutput>;
    type Error = Error;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<ConverseInput>) -> Answer {
        (self.0)()
    }
}

fn answer() -> Response<ConverseOutput> {
    let output = ConverseOutput::builder().stop_reason(StopReason::EndTurn);
    Response::new(output.build().expect("nothing else is required"))
}

fn within(time: Duration) -> Request<ConverseInput> {
    Request::new(prompt("hello")).timeout(time)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_ends_at_its_deadline_and_one_past_it_is_not_made() {
    let service = DeadlineLayer::new().layer(Answers(|| Box::pin(pending()) as Answer));
    let started = Instant::now();
    let error = service.clone().oneshot(within(SECOND)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(started.elapsed(), SECOND);

    let refuses = DeadlineLayer::new().layer(Answers(|| panic!("called past the deadline")));
    let error = refuses.oneshot(within(Duration::ZERO)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_uses_up_its_tasks_budget_ends_at_its_deadline_all_the_same() {
    let busy = Answers(|| {
        let mut polls = 0;
        Box::pin(poll_fn(move |cx| {
            polls += 1;
            assert!(polls < 1_000, "was never ended");
            while pin!(consume_budget()).poll(cx).is_ready() {}
            Poll::Pending
        })) as Answer
    });
    let call = tokio::spawn(DeadlineLayer::new().layer(busy).oneshot(within(SECOND)));
    for (millis, over) in [(999, false), (2, true)] {
        yield_now().await;
        advance(Duration::from_millis(millis)).await;
        for _ in 0..10 {
            yield_now().await;
        }
        assert_eq!(call.is_finished(), over);
    }
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_finished_call_holds_nothing_of_the_inner_one() {
    let token = Arc::new(());
    for answered in [true, false] {
        let held = Arc::clone(&token);
        let service = Answers(move || {
            let held = Arc::clone(&held);
            Box::pin(poll_fn(move |_| {
                let _ = &held;
                if answered {
                    Poll::Ready(Ok(answer()))
                } else {
                    Poll::Pending
                }
            })) as Answer
        });
        let mut service = DeadlineLayer::new().layer(service);
        let mut call = Box::pin(service.call(within(SECOND)));
        drop(service);
        let result = poll_fn(|cx| call.as_mut().poll(cx)).await;
        assert_eq!(result.is_ok(), answered);
        assert_eq!(Arc::strong_count(&token), 1);
        drop(call);
    }
}
