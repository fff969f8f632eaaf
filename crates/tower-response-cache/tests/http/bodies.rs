//! Bodies: what is collected, and what goes on as it comes.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, StreamBody};
use tokio::sync::mpsc;
use tokio_test::{assert_pending, assert_ready, task};
use tower::BoxError;
use tower_response_cache::HttpCacheLayer;

use crate::support::{
    AnyBody, Got, Http, Told, With, any, forwarded, get, minute, plain, request, text, value,
};

type AnyFrame = Result<Frame<Bytes>, BoxError>;

fn data(text: &'static str) -> AnyFrame {
    Ok(Frame::data(Bytes::from(text)))
}

fn trailers() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "1".parse().unwrap());
    trailers
}

/// A body whose frames come when the test sends them.
fn slow() -> (mpsc::UnboundedSender<AnyFrame>, AnyBody) {
    let (send, mut frames) = mpsc::unbounded_channel();
    let frames = stream::poll_fn(move |cx| frames.poll_recv(cx));
    (send, StreamBody::new(frames).boxed_unsync())
}

fn kept_for_a_minute(body: AnyBody) -> Told {
    Response::new(body).with("cache-control", "max-age=60")
}

fn of_frames(frames: Vec<AnyFrame>) -> Told {
    kept_for_a_minute(StreamBody::new(stream::iter(frames)).boxed_unsync())
}

/// A cache that keeps bodies of 8 bytes.
fn of_eight() -> Http {
    Http::of(HttpCacheLayer::new(1 << 20).max_body(8))
}

/// All frames of a body: its data and trailers, and an error as text.
async fn frames(res: Got) -> Vec<String> {
    let mut body = res.into_body();
    let mut frames = Vec::new();
    while let Some(frame) = body.frame().await {
        frames.push(match frame.map(Frame::into_data) {
            Ok(Ok(data)) => String::from_utf8(data.to_vec()).unwrap(),
            Ok(Err(frame)) => format!("{:?}", frame.into_trailers().unwrap()),
            Err(error) => error.to_string(),
        });
    }
    frames
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn body_up_to_the_bound_is_kept_with_its_trailers() {
    let mut http = of_eight();
    let whole = || {
        of_frames(vec![
            data("1234"),
            data("5678"),
            Ok(Frame::trailers(trailers())),
        ])
    };
    let expected = ["12345678".to_owned(), format!("{:?}", trailers())];
    let first = http.miss(get("/a"), whole());
    assert_eq!(first.body().size_hint().exact(), Some(8));
    assert_eq!(frames(first).await, expected);
    let hit = http.hit(get("/a"));
    assert_eq!(hit.body().size_hint().exact(), Some(8));
    assert_eq!(frames(hit).await, expected);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn larger_body_goes_on_as_it_comes_and_is_not_kept() {
    let mut http = of_eight();
    let [mut leader, mut joined] = [(); 2].map(|()| http.begin(get("/a")));
    let (send, body) = slow();
    http.sent().await.1.send_response(kept_for_a_minute(body));
    send.send(data("1234")).unwrap();
    assert_pending!(leader.poll());
    send.send(data("56789")).unwrap();
    // It has its answer before the body is over.
    let res = assert_ready!(leader.poll()).unwrap();
    assert!(!res.body().is_end_stream());
    assert_eq!(res.body().size_hint().lower(), 9);
    // The other one makes a call of its own.
    assert_pending!(joined.poll());
    http.sent().await.1.send_response(plain("mine"));
    assert_eq!(text(assert_ready!(joined.poll()).unwrap()).await, "mine");
    let mut rest = task::spawn(frames(res));
    assert_pending!(rest.poll());
    send.send(data("0")).unwrap();
    send.send(Ok(Frame::trailers(trailers()))).unwrap();
    drop(send);
    let trailers = format!("{:?}", trailers());
    assert_eq!(
        assert_ready!(rest.poll()),
        ["1234", "56789", "0", &trailers]
    );
    assert!(http.stored(get("/a")).is_none());
}

/// A body of a length that is known, which has not come.
struct Expected(u64);

impl Body for Expected {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn body_that_is_known_to_be_larger_is_not_read() {
    for (length, held_back) in [(8, true), (9, false)] {
        let mut http = of_eight();
        let mut call = http.begin(get("/a"));
        let body = kept_for_a_minute(any(Expected(length)));
        http.sent().await.1.send_response(body);
        assert_eq!(call.poll().is_pending(), held_back);
    }
    // What says that it is long may never come.
    let mut http = Http::of(HttpCacheLayer::new(1 << 20).max_body(usize::MAX));
    let mut call = http.begin(get("/a"));
    let endless = kept_for_a_minute(any(Expected(u64::MAX)));
    http.sent().await.1.send_response(endless);
    assert_pending!(call.poll());
    let mut http = of_eight();
    let res = http.miss(get("/a"), minute("123456789"));
    assert_eq!(text(res).await, "123456789");
    assert!(http.stored(get("/a")).is_none());
    let mut http = of_eight();
    http.miss(get("/a"), minute("12345678"));
    http.hit(get("/a"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn nobody_waits_for_a_body_that_is_known_to_be_larger() {
    let mut http = of_eight();
    http.miss(get("/a"), minute("123456789"));
    for _ in 0..2 {
        let res = http.miss(get("/a"), minute("123456789"));
        assert_eq!(value(&res, "cache-status"), forwarded("bypass"));
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn larger_answer_ends_the_older_one() {
    let long = || of_frames(vec![data("1234"), data("56789")]);
    for new in [minute("123456789"), long()] {
        let mut http = of_eight();
        http.miss(get("/a"), minute("old"));
        http.miss(get("/a").with("cache-control", "no-cache"), new);
        assert!(http.stored(get("/a")).is_none());
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn response_that_is_not_kept_is_not_held_back() {
    let mut http = Http::new();
    let (_send, body) = slow();
    let res = http.miss(get("/a"), Response::new(body));
    let mut body = task::spawn(frames(res));
    assert_pending!(body.poll());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn body_that_breaks_is_told_so_and_not_kept() {
    let mut http = Http::new();
    http.miss(get("/a"), minute("old"));
    let broken = of_frames(vec![data("1234"), Err("reset".into()), data("5678")]);
    let res = http.miss(get("/a").with("cache-control", "no-cache"), broken);
    assert_eq!(frames(res).await, ["1234", "reset"]);
    assert_eq!(text(http.hit(get("/a"))).await, "old");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn incomplete_body_is_not_kept() {
    for (length, kept) in [("4", true), ("5", false), ("3", false)] {
        let mut http = Http::new();
        let res = http.miss(get("/a"), minute("1234").with("content-length", length));
        assert_eq!(text(res).await, "1234");
        assert_eq!(http.stored(get("/a")).is_some(), kept, "{length}");
    }
    let mut http = Http::new();
    http.miss(
        request("HEAD", "/a"),
        minute("").with("content-length", "5"),
    );
    http.hit(request("HEAD", "/a"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn time_for_the_body_counts() {
    let mut http = Http::new();
    let mut call = http.begin(get("/a"));
    let (send, body) = slow();
    http.sent().await.1.send_response(kept_for_a_minute(body));
    assert_pending!(call.poll());
    tokio::time::advance(crate::support::SECOND * 60).await;
    send.send(data("late")).unwrap();
    drop(send);
    assert_eq!(text(assert_ready!(call.poll()).unwrap()).await, "late");
    assert!(http.stored(get("/a")).is_none());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn caller_that_leaves_gives_a_body_that_is_being_read_to_the_next() {
    let mut http = Http::new();
    let [leader, mut joined] = [(); 2].map(|()| http.begin(get("/a")));
    let mut leader = leader;
    let (send, body) = slow();
    http.sent().await.1.send_response(kept_for_a_minute(body));
    send.send(data("1234")).unwrap();
    assert_pending!(leader.poll());
    drop(leader);
    send.send(data("5678")).unwrap();
    drop(send);
    assert!(matches!(joined.poll(), Poll::Ready(Ok(_))));
    assert_eq!(text(http.hit(get("/a"))).await, "12345678");
}
