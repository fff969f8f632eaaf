//! Whoever has the result may rely on the call being over: nothing of the inner one is left.

mod support;

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use support::{Request, Words};
use tower::{BoxError, Layer, Service};
use tower_response_cache::ResponseCacheLayer;

type Answer = Pin<Box<dyn Future<Output = Result<String, BoxError>> + Send>>;

/// Each call holds the token, as its future does for as long as it is there.
#[derive(Clone)]
struct Holds {
    token: Arc<()>,
    ready: bool,
}

impl Service<Request> for Holds {
    type Response = String;
    type Error = BoxError;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(if self.ready {
            Ok(())
        } else {
            Err("not ready".into())
        })
    }

    fn call(&mut self, req: Request) -> Answer {
        let token = Arc::clone(&self.token);
        Box::pin(poll_fn(move |_| {
            let _ = &token;
            Poll::Ready(Ok(req.to_owned()))
        }))
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_finished_call_holds_nothing_of_the_inner_one() {
    for (request, ready) in [
        ("a", true),
        ("a bypass", true),
        ("a", false),
        ("a bypass", false),
    ] {
        let token = Arc::new(());
        let inner = Holds {
            token: Arc::clone(&token),
            ready,
        };
        let mut service = ResponseCacheLayer::new(Words, 1000).layer(inner);
        let mut call = Box::pin(service.call(request));
        drop(service);
        let result = poll_fn(|cx| call.as_mut().poll(cx)).await;
        assert_eq!(result.is_ok(), ready);
        assert_eq!(Arc::strong_count(&token), 1, "{request}, {ready}");
        drop(call);
    }
}
