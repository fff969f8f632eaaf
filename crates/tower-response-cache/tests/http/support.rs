//! A cache in front of a service that is played by the test.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Empty, Full, combinators::UnsyncBoxBody};
use tokio::task::{Unconstrained, unconstrained};
use tokio_test::{
    assert_pending, assert_ready,
    task::{self, Spawn},
};
use tower::BoxError;
use tower_response_cache::{
    CacheStatus, HttpCache, HttpCacheBody, HttpCacheFuture, HttpCacheHandle, HttpCacheLayer,
};
use tower_test::mock::{self, Mock, SendResponse};

pub(crate) type Sent = Request<Empty<Bytes>>;
pub(crate) type AnyBody = UnsyncBoxBody<Bytes, BoxError>;
pub(crate) type Told = Response<AnyBody>;
pub(crate) type Got = Response<HttpCacheBody<AnyBody>>;
/// Tokio's budget for one poll is that of the whole test here.
pub(crate) type Call =
    Spawn<Unconstrained<HttpCacheFuture<Mock<Sent, Told>, Empty<Bytes>, AnyBody>>>;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MILLISECOND: Duration = Duration::from_millis(1);

pub(crate) struct Http {
    service: mock::Spawn<HttpCache<Mock<Sent, Told>>>,
    pub(crate) inner: mock::Handle<Sent, Told>,
    pub(crate) handle: HttpCacheHandle,
}

impl Http {
    pub(crate) fn new() -> Self {
        Self::of(HttpCacheLayer::new(1 << 20))
    }

    pub(crate) fn of(layer: HttpCacheLayer) -> Self {
        let handle = layer.handle();
        let (mut service, inner) = mock::spawn_layer(layer);
        assert!(service.poll_ready().is_ready());
        Self {
            service,
            inner,
            handle,
        }
    }

    /// A request that was polled once.
    pub(crate) fn begin(&mut self, req: Sent) -> Call {
        let mut call = task::spawn(unconstrained(self.service.call(req)));
        let polled = call.poll();
        assert!(polled.is_pending(), "{polled:?}");
        call
    }

    /// The next request that the service gets.
    pub(crate) async fn sent(&mut self) -> (Sent, SendResponse<Told>) {
        // On the paused clock a year is over as soon as nothing else is to come.
        let year = SECOND * 365 * 24 * 60 * 60;
        let sent = tokio::time::timeout(year, self.inner.next_request()).await;
        sent.expect("a request in time").expect("a request")
    }

    /// Makes a request that goes on to the service, which answers `res`.
    #[track_caller]
    pub(crate) fn miss(&mut self, req: Sent, res: Told) -> Got {
        let mut call = self.begin(req);
        let mut sent = task::spawn(unconstrained(self.inner.next_request()));
        let (_, respond) = assert_ready!(sent.poll()).expect("a request");
        drop(sent);
        respond.send_response(res);
        assert_ready!(call.poll()).expect("an answer")
    }

    /// The answer to a request that does not go on to the service. If it does, it is given up there.
    pub(crate) fn stored(&mut self, req: Sent) -> Option<Got> {
        let mut call = task::spawn(unconstrained(self.service.call(req)));
        match call.poll() {
            std::task::Poll::Ready(res) => Some(res.expect("an answer")),
            std::task::Poll::Pending => {
                drop(call);
                assert_ready!(task::spawn(unconstrained(self.inner.next_request())).poll());
                None
            }
        }
    }

    #[track_caller]
    pub(crate) fn hit(&mut self, req: Sent) -> Got {
        self.stored(req).expect("a stored answer")
    }

    /// Whether nothing was asked of the service.
    #[track_caller]
    pub(crate) fn assert_no_call(&mut self) {
        assert_pending!(task::spawn(unconstrained(self.inner.next_request())).poll());
    }
}

pub(crate) fn get(uri: &str) -> Sent {
    request("GET", uri)
}

pub(crate) fn request(method: &str, uri: &str) -> Sent {
    let builder = Request::builder().method(method).uri(uri);
    builder.body(Empty::new()).unwrap()
}

/// A response with a text, that may be kept for a minute.
pub(crate) fn minute(text: &'static str) -> Told {
    plain(text).with("cache-control", "max-age=60")
}

pub(crate) fn plain(text: &'static str) -> Told {
    Response::new(any(Full::new(Bytes::from(text))))
}

pub(crate) fn any<B>(body: B) -> AnyBody
where
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    body.map_err(|never| match never {}).boxed_unsync()
}

/// Requests and responses with one field more.
pub(crate) trait With {
    fn with(self, name: &'static str, value: &str) -> Self;
}

impl<B> With for Request<B> {
    fn with(mut self, name: &'static str, value: &str) -> Self {
        let (name, value) = field(name, value);
        self.headers_mut().append(name, value);
        self
    }
}

impl<B> With for Response<B> {
    fn with(mut self, name: &'static str, value: &str) -> Self {
        let (name, value) = field(name, value);
        self.headers_mut().append(name, value);
        self
    }
}

fn field(name: &'static str, value: &str) -> (HeaderName, HeaderValue) {
    let value = HeaderValue::from_str(value).unwrap();
    (HeaderName::from_static(name), value)
}

/// The value of `Cache-Status` of a cache without a name, for an answer without a call.
pub(crate) fn said(status: CacheStatus) -> String {
    status.cache_status("default").to_string()
}

/// The same for a request that went on for that reason and got a 200 that is not kept.
pub(crate) fn forwarded(reason: &str) -> String {
    format!("default; fwd={reason}; fwd-status=200")
}

/// The same for a 200 that is kept.
pub(crate) fn kept(reason: &str) -> String {
    format!("{}; stored", forwarded(reason))
}

pub(crate) fn status(code: u16, res: Told) -> Told {
    let mut res = res;
    *res.status_mut() = code.try_into().unwrap();
    res
}

/// The value of a field that is there once.
#[track_caller]
pub(crate) fn value<'a, B>(res: &'a Response<B>, name: &str) -> &'a str {
    let mut values = res.headers().get_all(name).iter();
    let value = values.next().expect("the field");
    assert!(values.next().is_none(), "{name} is there twice");
    value.to_str().unwrap()
}

pub(crate) async fn text(res: Got) -> String {
    let body = res.into_body().collect().await.expect("a whole body");
    String::from_utf8(body.to_bytes().to_vec()).unwrap()
}
