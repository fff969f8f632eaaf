//! Whoever has the result may rely on the call being over: nothing of the inner one is left.

mod support;

use std::{
    future::{Future, pending, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use support::{Req, by_message, plain_layer, soon};
use tower::{BoxError, Layer, Service, service_fn};
use tower_backoff::{AttemptTimeoutLayer, BackoffLayer, Classify, Verdict};

type Answer = Result<Req, BoxError>;
type Calls = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Answers with these, or never where one is empty. Each future keeps a clone of the token.
fn keeps(
    token: &Arc<()>,
    words: &'static [Req],
) -> impl Service<Req, Response = Req, Error = BoxError, Future = Calls> + Clone + use<> {
    let weak = Arc::downgrade(token);
    let calls = Arc::new(AtomicUsize::new(0));
    service_fn(move |_: Req| {
        let token = weak.upgrade();
        let word = words[calls.fetch_add(1, Ordering::Relaxed)];
        let future = async move {
            let _held = &token;
            if word.is_empty() {
                pending::<()>().await;
            }
            Ok(word)
        };
        // Not an async block alone: that drops what it holds when it ends.
        let mut future: Calls = Box::pin(future);
        let kept = weak.upgrade();
        Box::pin(poll_fn(move |cx| {
            let _ = &kept;
            future.as_mut().poll(cx)
        })) as Calls
    })
}

/// The result, with the finished future still there.
async fn result<F: Future<Output = Answer>>(mut future: Pin<&mut F>) -> Answer {
    soon(poll_fn(|cx| future.as_mut().poll(cx))).await
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_finished_call_holds_nothing_however_it_ended() {
    let endings: [&[Req]; 4] = [
        &["fine"],
        &["transient", "fine"],
        &["transient", "transient"],
        &["costly", "rejected 9000ms"],
    ];
    for words in endings {
        let token = Arc::new(());
        let mut service = plain_layer().max_attempts(2).layer(keeps(&token, words));
        let mut call = Box::pin(service.call("hello"));
        drop(service);
        result(call.as_mut()).await.unwrap();
        assert_eq!(Arc::strong_count(&token), 1, "{words:?}");
        assert_eq!(Arc::weak_count(&token), 0, "{words:?}");
        drop(call);
    }
}

/// Looks at the token when it is shown the result.
#[derive(Clone)]
struct Looks(Arc<()>);

impl Classify<Req, BoxError> for Looks {
    fn classify(&self, result: &Answer) -> Verdict {
        by_message(result)
    }

    fn finished(&self, _: &mut Answer, attempts: u32) {
        assert_eq!(attempts, 2);
        // The layer, the service, its call and the callback have one each, and the attempts none.
        assert_eq!(Arc::strong_count(&self.0), 4);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_is_over_before_anyone_sees_its_result() {
    let token = Arc::new(());
    let layer = BackoffLayer::new(Looks(Arc::clone(&token))).max_attempts(2);
    let told = Arc::clone(&token);
    let layer = layer.on_give_up(move |_| assert_eq!(Arc::strong_count(&told), 4));
    let mut service = layer.layer(keeps(&token, &["transient", "transient"]));
    let mut call = Box::pin(service.call("hello"));
    drop(token);
    let _ = result(call.as_mut()).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_attempt_that_is_done_or_timed_out_holds_nothing() {
    for (words, fine) in [(&["fine"], true), (&[""], false)] {
        let token = Arc::new(());
        let layer = AttemptTimeoutLayer::new(Duration::from_secs(1));
        let mut service = layer.layer(keeps(&token, words));
        let mut call = Box::pin(service.call("hello"));
        drop(service);
        assert_eq!(result(call.as_mut()).await.is_ok(), fine);
        assert_eq!(Arc::strong_count(&token), 1);
        assert_eq!(Arc::weak_count(&token), 0);
        drop(call);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
#[should_panic(expected = "polled after it was done")]
async fn a_finished_call_is_not_polled_again() {
    let token = Arc::new(());
    let mut service = plain_layer().layer(keeps(&token, &["fine"]));
    let mut call = Box::pin(service.call("hello"));
    result(call.as_mut()).await.unwrap();
    let again = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_ready()));
    again.await;
}
