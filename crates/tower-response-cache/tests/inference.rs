//! Nobody has to name the key or the value.

use std::{convert::Infallible, sync::Arc, time::Duration};

use tokio_test::{assert_pending, assert_ready, assert_ready_ok, task};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_response_cache::{
    ByKey, CacheStatus, Keep, Lookup, Policy, ResponseCache, ResponseCacheLayer,
};

#[tokio::test]
async fn closure_is_a_policy_in_one_line() {
    let mut service = ServiceBuilder::new()
        .layer(ResponseCacheLayer::new(
            ByKey::new(Duration::from_secs(60), |req: &String| Some(req.clone())),
            100,
        ))
        .service(service_fn(|req: String| async move {
            Ok::<_, BoxError>(req.len())
        }));
    let answer = service.ready().await.unwrap().call("four".to_owned()).await;
    assert_eq!(answer.unwrap(), 4);
    let answer = service.clone().oneshot("four".to_owned()).await;
    assert_eq!(answer.unwrap(), 4);
    let snapshot = service.handle().snapshot();
    assert_eq!((snapshot.misses, snapshot.hits), (1, 1));
}

#[derive(Clone, Debug, PartialEq)]
struct Number(i64);

#[derive(Clone, Debug, PartialEq)]
struct Text(String);

/// A value that stands for answers of both types.
#[derive(Clone)]
enum Either {
    Number(i64),
    Text(Arc<str>),
}

struct Both;

impl<E> Policy<i64, Number, E> for Both {
    type Key = (char, String);
    type Value = Either;
    type Context = ();

    fn lookup(&self, req: &i64) -> Lookup<Self::Key> {
        Lookup::Use(('n', req.to_string()))
    }

    fn context(&self, _: &i64) {}

    fn keep(&self, (): &(), _: &Number) -> Option<Keep> {
        Some(Keep::new(Duration::from_secs(1)))
    }

    fn share(&self, res: &Number) -> Option<Either> {
        Some(Either::Number(res.0))
    }

    fn restore(&self, value: Either, _: CacheStatus) -> Option<Result<Number, E>> {
        match value {
            Either::Number(number) => Some(Ok(Number(number))),
            Either::Text(_) => None,
        }
    }
}

impl<E> Policy<&'static str, Text, E> for Both {
    type Key = (char, String);
    type Value = Either;
    type Context = ();

    fn lookup(&self, req: &&'static str) -> Lookup<Self::Key> {
        // A request that begins with '!' comes with the key of a number.
        match req.strip_prefix('!') {
            Some(rest) => Lookup::Use(('n', rest.to_owned())),
            None => Lookup::Use(('t', (*req).to_owned())),
        }
    }

    fn context(&self, _: &&'static str) {}

    fn keep(&self, (): &(), _: &Text) -> Option<Keep> {
        Some(Keep::new(Duration::from_secs(1)))
    }

    fn share(&self, res: &Text) -> Option<Either> {
        Some(Either::Text(res.0.as_str().into()))
    }

    fn restore(&self, value: Either, _: CacheStatus) -> Option<Result<Text, E>> {
        match value {
            Either::Text(text) => Some(Ok(Text(text.to_string()))),
            Either::Number(_) => None,
        }
    }
}

#[tokio::test]
async fn one_layer_serves_two_request_types_from_one_cache() {
    let layer = ResponseCacheLayer::new(Both, 100);
    let handle = layer.handle();
    let numbers = ServiceBuilder::new()
        .layer(layer.clone())
        .service(service_fn(
            |n: i64| async move { Ok::<_, BoxError>(Number(-n)) },
        ));
    let texts =
        ServiceBuilder::new()
            .layer(layer)
            .service(service_fn(|t: &'static str| async move {
                Ok::<_, Infallible>(Text(t.to_uppercase()))
            }));
    for _ in 0..2 {
        assert_eq!(numbers.clone().oneshot(7).await.unwrap(), Number(-7));
        let text = texts.clone().oneshot("seven").await.unwrap();
        assert_eq!(text, Text("SEVEN".to_owned()));
    }
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.misses, snapshot.hits, snapshot.store.entries),
        (2, 2, 2)
    );
}

#[tokio::test]
async fn value_of_another_type_counts_as_none() {
    let layer = ResponseCacheLayer::new(Both, 100);
    let handle = layer.handle();
    let numbers = ServiceBuilder::new()
        .layer(layer.clone())
        .service(service_fn(|n: i64| async move {
            Ok::<_, Infallible>(Number(-n))
        }));
    let texts =
        ServiceBuilder::new()
            .layer(layer)
            .service(service_fn(|t: &'static str| async move {
                Ok::<_, Infallible>(Text(t.to_uppercase()))
            }));
    numbers.oneshot(7).await.unwrap();
    let text = texts.oneshot("!7").await.unwrap();
    assert_eq!(text, Text("!7".to_owned()));
    assert_eq!(handle.snapshot().misses, 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn flight_that_lands_with_another_type_is_left_for_an_own_call() {
    let layer = ResponseCacheLayer::new(Both, 100);
    let (mut numbers, mut number) = tower_test::mock::spawn_layer::<i64, Number, _>(layer.clone());
    let (mut texts, mut text) = tower_test::mock::spawn_layer::<&'static str, Text, _>(layer);
    assert_ready_ok!(numbers.poll_ready());
    assert_ready_ok!(texts.poll_ready());
    let mut leader = task::spawn(numbers.call(7));
    let mut joined = task::spawn(texts.call("!7"));
    assert_pending!(leader.poll());
    assert_pending!(joined.poll());
    assert!(text.poll_request().is_pending());
    let (_, reply) = assert_ready!(number.poll_request()).unwrap();
    reply.send_response(Number(-7));
    assert_eq!(assert_ready!(leader.poll()).unwrap(), Number(-7));
    assert_pending!(joined.poll());
    let (_, reply) = assert_ready!(text.poll_request()).unwrap();
    reply.send_response(Text("own".to_owned()));
    let own = assert_ready!(joined.poll()).unwrap();
    assert_eq!(own, Text("own".to_owned()));
}

/// The service can be named in a struct, with a policy that has a name.
#[allow(dead_code)]
struct App {
    numbers: ResponseCache<
        tower::util::BoxCloneService<i64, Number, BoxError>,
        Both,
        (char, String),
        Either,
    >,
}

#[test]
fn futures_are_send_if_their_parts_are() {
    fn is_send<T: Send + 'static>(_: &T) {}
    let mut service = ServiceBuilder::new()
        .layer(ResponseCacheLayer::new(Both, 100))
        .service(service_fn(
            |n: i64| async move { Ok::<_, BoxError>(Number(-n)) },
        ));
    is_send(&service);
    is_send(&service.call(7));
}
