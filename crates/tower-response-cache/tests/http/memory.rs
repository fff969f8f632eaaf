//! Answers take no more memory than the bound.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{Empty, Full};
use tower::{Layer, Service, service_fn};
use tower_response_cache::HttpCacheLayer;

const BOUND: u64 = 4 << 20;

/// A response whose fields and body are parts of a larger buffer, as one that came over a connection.
fn response(fields: usize, length: usize) -> Response<Full<Bytes>> {
    let buffer = Bytes::from(vec![b'x'; 8192 + length]);
    let mut res = Response::new(Full::new(buffer.slice(..length)));
    let max_age = HeaderValue::from_static("max-age=60");
    res.headers_mut().insert("cache-control", max_age);
    for field in 0..fields {
        let name = HeaderName::from_bytes(format!("x-field-{field}").as_bytes());
        let value = HeaderValue::from_maybe_shared(buffer.slice(..20));
        res.headers_mut().insert(name.unwrap(), value.unwrap());
    }
    res
}

#[test]
fn memory_stays_within_a_fifth_more_than_the_bound() {
    for (answers, fields, length) in [
        (15_000_u32, 0, 0),
        (10_000, 3, 100),
        (5_000, 20, 0),
        (5_000, 1, 2_000),
        (300, 5, 50_000),
    ] {
        let mut entries = 0;
        let memory = allocation_counter::measure(|| {
            let layer = HttpCacheLayer::new(BOUND);
            let handle = layer.handle();
            let mut service = layer.layer(service_fn(move |_: Request<Empty<Bytes>>| async move {
                Ok::<_, Infallible>(response(fields, length))
            }));
            for answer in 0..answers {
                let uri = format!("/a/path/of/some/length/{answer}");
                let req = Request::builder().uri(uri).body(Empty::new());
                let res = service.call(req.unwrap()).now_or_never();
                assert!(res.is_some());
            }
            let store = handle.snapshot().store;
            assert!(store.evicted > 0, "the bound is not reached");
            entries = store.entries;
        });
        let share = memory.bytes_max as f64 / BOUND as f64;
        println!("{fields} fields, {length} bytes: {entries} entries, {share:.2} of the bound");
        assert!(share <= 1.2, "{fields} fields, {length} bytes: {share:.2}");
        assert!(share >= 0.5, "{fields} fields, {length} bytes: {share:.2}");
    }
}
