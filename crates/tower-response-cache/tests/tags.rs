//! Answers are forgotten by tag, those that are under way too.

mod support;

use support::{answer, cached};
use tokio_test::{assert_pending, assert_ready, task};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answers_of_a_tag_are_forgotten_and_no_others() {
    let (mut service, mut inner, handle) = cached();
    for (key, response) in [("a", "tagged red"), ("b", "tagged blue"), ("c", "plain")] {
        let mut call = task::spawn(service.call(key));
        assert_pending!(call.poll());
        answer(&mut inner, response).await;
        assert_ready!(call.poll()).unwrap();
    }
    drop(handle.invalidate_tag("red"));
    assert_eq!(handle.snapshot().store.entries, 2);
    assert_pending!(task::spawn(service.call("a")).poll());
    for key in ["b", "c"] {
        assert_ready!(task::spawn(service.call(key)).poll()).unwrap();
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answers_of_a_tag_that_are_under_way_are_given_and_not_stored() {
    let (mut service, mut inner, handle) = cached();
    let mut red = task::spawn(service.call("a"));
    let mut blue = task::spawn(service.call("b"));
    assert_pending!(red.poll());
    assert_pending!(blue.poll());
    drop(handle.invalidate_tag("red"));
    // It is not known yet that this answer will be a red one; that one is new in any case.
    let mut after = task::spawn(service.call("a"));
    assert_pending!(after.poll());
    answer(&mut inner, "tagged red").await;
    answer(&mut inner, "tagged blue").await;
    answer(&mut inner, "tagged red").await;
    assert_eq!(assert_ready!(red.poll()).unwrap(), "tagged red [miss]");
    assert_eq!(handle.snapshot().stored, 0);
    assert_eq!(assert_ready!(blue.poll()).unwrap(), "tagged blue [miss]");
    assert_eq!(handle.snapshot().stored, 1);
    assert_eq!(assert_ready!(after.poll()).unwrap(), "tagged red [miss]");
    assert_eq!(handle.snapshot().stored, 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn calls_whose_answers_cannot_have_the_tag_are_left_alone() {
    let (mut service, mut inner, handle) = cached();
    let mut red = task::spawn(service.call("a red"));
    let mut blue = task::spawn(service.call("b blue"));
    assert_pending!(red.poll());
    assert_pending!(blue.poll());
    drop(handle.invalidate_tag("red"));
    let mut other_red = task::spawn(service.call("a red"));
    let mut other_blue = task::spawn(service.call("b blue"));
    assert_pending!(other_red.poll());
    assert_pending!(other_blue.poll());
    answer(&mut inner, "tagged red").await;
    assert_ready!(red.poll()).unwrap();
    assert_eq!(handle.snapshot().stored, 0);
    answer(&mut inner, "tagged blue").await;
    assert_ready!(blue.poll()).unwrap();
    let joined = assert_ready!(other_blue.poll()).unwrap();
    assert_eq!(joined, "tagged blue [joined]");
    answer(&mut inner, "tagged red").await;
    let own = assert_ready!(other_red.poll()).unwrap();
    assert_eq!(own, "tagged red [miss]");
    assert_eq!(handle.snapshot().stored, 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn tag_that_is_invalidated_over_and_over_is_noted_once() {
    let (mut service, _inner, handle) = cached();
    let mut calls: Vec<_> = (["a", "b", "c"].into_iter())
        .map(|key| task::spawn(service.call(key)))
        .collect();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    drop(handle.invalidate_tag("red"));
    let memory = allocation_counter::measure(|| {
        for _ in 0..10_000 {
            drop(handle.invalidate_tag("red"));
        }
    });
    assert_eq!(memory.bytes_current, 0);
}
