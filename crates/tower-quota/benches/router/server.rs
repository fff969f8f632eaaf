//! What is measured: a router without the layer, the layer without a router, and both.

use std::convert::Infallible;

use axum::{Router, body::Body, routing::get};
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Request, Response};
use tower::{Layer, Service, service_fn};
use tower_quota::HttpQuotaLayer;

pub(crate) const KEY: HeaderName = HeaderName::from_static("x-api-key");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bare,
    Layer,
    Router,
}

pub(crate) fn server(kind: Kind, layer: &HttpQuotaLayer) -> Box<dyn FnMut(Request<Body>) + Send> {
    let router = Router::new().route("/", get(|| async { "hello" }));
    match kind {
        Kind::Bare => calls(router),
        Kind::Router => calls(router.layer(layer.clone())),
        Kind::Layer => calls(layer.layer(service_fn(|_| {
            std::future::ready(Ok::<_, Infallible>(Response::new(Body::from("hello"))))
        }))),
    }
}

fn calls<S>(mut service: S) -> Box<dyn FnMut(Request<Body>) + Send>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Send + 'static,
{
    Box::new(move |req| {
        let res = service.call(req).now_or_never().expect("nothing waits");
        let Ok(res) = res;
        assert_eq!(res.status(), 200);
    })
}

pub(crate) fn request(key: u64) -> Request<Body> {
    let mut req = Request::new(Body::empty());
    let key = HeaderValue::try_from(format!("client-{key:020}")).expect("text");
    req.headers_mut().insert(KEY, key);
    req
}
