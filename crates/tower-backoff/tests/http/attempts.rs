//! The classifier in its layer, over a service that is played by the test.

use std::time::Duration;

use crate::support::{SECOND, response};
use http::{Request, Response};
use tokio::time::Instant;
use tower::BoxError;
use tower_backoff::BackoffLayer;
use tower_test::mock;

type Answer = Result<Response<()>, BoxError>;

/// Makes a call that the service answers in turn, and says what its caller got, and when.
async fn call(method: &str, answers: &[(u16, &'static str)]) -> (Answer, Duration, usize) {
    let (mut client, mut service) =
        mock::spawn_layer::<Request<()>, Response<()>, _>(BackoffLayer::http().seed(1));
    assert!(client.poll_ready().is_ready());
    let call = client.call(Request::builder().method(method).uri("/").body(()).unwrap());
    let begun = Instant::now();
    let played = async {
        let mut sent = 0;
        for (status, retry_after) in answers {
            let next = tokio::time::timeout(3600 * SECOND, service.next_request()).await;
            let Ok(Some((_, reply))) = next else { break };
            sent += 1;
            let fields = [("retry-after", retry_after.as_bytes())];
            reply.send_response(response(
                *status,
                &fields[..usize::from(!retry_after.is_empty())],
            ));
        }
        sent
    };
    let (result, sent) = tokio::join!(async { (call.await, begun.elapsed()) }, played);
    (result.0, result.1, sent)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn call_is_made_again_no_sooner_than_the_server_asks_for() {
    let (answer, after, sent) = call("POST", &[(429, "7"), (503, "5"), (200, "")]).await;
    assert_eq!((answer.unwrap().status().as_u16(), sent), (200, 3));
    assert!(after >= 12 * SECOND && after < 16 * SECOND, "{after:?}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn post_that_may_have_been_carried_out_is_not_sent_again() {
    let (answer, after, sent) = call("POST", &[(502, ""), (200, "")]).await;
    assert_eq!((answer.unwrap().status().as_u16(), sent), (502, 1));
    assert_eq!(after, Duration::ZERO);
    let (answer, _, sent) = call("PUT", &[(502, ""), (200, "")]).await;
    assert_eq!((answer.unwrap().status().as_u16(), sent), (200, 2));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn hint_that_is_too_long_ends_the_call_and_is_the_callers_to_read() {
    for long in [
        "61",
        "99999999999999999999999",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        let (answer, after, sent) = call("GET", &[(503, long), (200, "")]).await;
        let answer = answer.unwrap();
        assert_eq!((answer.status().as_u16(), sent), (503, 1));
        assert_eq!(answer.headers()["retry-after"], long);
        assert_eq!(after, Duration::ZERO);
    }
}
