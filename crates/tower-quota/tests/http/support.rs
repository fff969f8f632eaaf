//! A server that is a closure, and what its callers get.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderName, Request, Response};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, service_fn};
use tower_quota::HttpQuotaLayer;

pub(crate) type Body = Full<Bytes>;
pub(crate) type Req = Request<Body>;
pub(crate) type Res = Response<Body>;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Answers 200 to whom the quota lets through.
pub(crate) fn server(layer: &HttpQuotaLayer) -> impl FnMut(Req) -> Res + use<> {
    let handler = service_fn(|_: Req| {
        std::future::ready(Ok::<_, Infallible>(Res::new(Body::from("handler"))))
    });
    let mut service = layer.layer(handler);
    move |req| {
        let Ok(res) = service.call(req).now_or_never().expect("no call waits");
        res
    }
}

pub(crate) fn from(key: &[u8]) -> Req {
    let mut req = Req::default();
    let key = http::HeaderValue::from_bytes(key).unwrap();
    req.headers_mut().insert(KEY, key);
    req
}

pub(crate) fn with<T: Clone + Send + Sync + 'static>(extension: T) -> Req {
    let mut req = Req::default();
    req.extensions_mut().insert(extension);
    req
}

pub(crate) fn field<'a>(res: &'a Res, name: &str) -> Option<&'a str> {
    res.headers().get(name).map(|value| value.to_str().unwrap())
}

pub(crate) fn text(res: Res) -> String {
    let body = res.into_body().collect().now_or_never().unwrap().unwrap();
    String::from_utf8(body.to_bytes().to_vec()).unwrap()
}
