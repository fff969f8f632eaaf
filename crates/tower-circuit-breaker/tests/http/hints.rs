//! A server says for how long it is unavailable, and is believed within bounds.

use std::time::Duration;

use http::{Request, Response};
use tower::{BoxError, Layer, Service, service_fn};
use tower_circuit_breaker::CircuitBreakerLayer;

const SECOND: Duration = Duration::from_secs(1);

/// For how long a circuit is open after a 503 with these fields.
async fn open_for(fields: &[(&'static str, &'static str)]) -> Duration {
    let breaker = CircuitBreakerLayer::http()
        .consecutive_failures(1)
        .open_for(SECOND, SECOND);
    let circuit = breaker.handle();
    let fields = fields.to_vec();
    let mut service = breaker.layer(service_fn(move |_: Request<()>| {
        let mut res = Response::builder().status(503);
        for (name, value) in &fields {
            res = res.header(*name, *value);
        }
        std::future::ready(Ok::<_, BoxError>(res.body(()).unwrap()))
    }));
    service.call(Request::new(())).await.unwrap();
    circuit.snapshot().until_half_open.unwrap()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn circuit_stays_open_as_long_as_the_server_asks() {
    assert_eq!(open_for(&[("retry-after", "7")]).await, 7 * SECOND);
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let until = |until| [date, ("retry-after", until)];
    let later = until("Sun, 06 Nov 1994 08:49:57 GMT");
    assert_eq!(open_for(&later).await, 20 * SECOND);
    let over = until("Sun, 06 Nov 1994 08:49:00 GMT");
    assert!(open_for(&over).await <= SECOND);
    assert!(open_for(&[("retry-after", "soon")]).await <= SECOND);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn hint_beyond_all_bounds_is_a_minute() {
    for long in ["99999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        assert_eq!(open_for(&[("retry-after", long)]).await, 60 * SECOND);
    }
}
