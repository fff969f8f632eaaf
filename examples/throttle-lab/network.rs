use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use fastrand::Rng;
use tokio::time::sleep;

/// The way between one client and the simulator: it takes time, and throttles are counted on it.
#[derive(Clone)]
pub(crate) struct Network {
    inner: SharedHttpClient,
    way: Way,
}

/// How many answers with status 429 a client got.
#[derive(Clone, Debug, Default)]
pub(crate) struct Throttles(Arc<AtomicU64>);

#[derive(Clone)]
struct Way {
    round_trip: Duration,
    rng: Arc<Mutex<Rng>>,
    throttles: Throttles,
}

impl Network {
    /// Half of the round trip each way, a quarter of that more or less by chance.
    pub(crate) fn new(inner: SharedHttpClient, round_trip: Duration, rng: Rng) -> Self {
        Self {
            inner,
            way: Way {
                round_trip,
                rng: Arc::new(Mutex::new(rng)),
                throttles: Throttles::default(),
            },
        }
    }

    pub(crate) fn throttles(&self) -> Throttles {
        self.way.throttles.clone()
    }
}

impl Throttles {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Way {
    async fn one_way(&self) {
        if self.round_trip.is_zero() {
            return;
        }
        let takes = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            one_way(self.round_trip, &mut rng)
        };
        sleep(takes).await;
    }
}

/// Half of a round trip, a quarter of that more or less by chance.
pub(crate) fn one_way(round_trip: Duration, rng: &mut Rng) -> Duration {
    round_trip.mul_f64(0.5 * (0.75 + 0.5 * rng.f64()))
}

impl HttpClient for Network {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.inner.http_connector(settings, components),
            way: self.way.clone(),
        })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    way: Way,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, way) = (self.inner.clone(), self.way.clone());
        HttpConnectorFuture::new(async move {
            way.one_way().await;
            let answer = inner.call(request).await;
            if answer
                .as_ref()
                .is_ok_and(|answer| answer.status().as_u16() == 429)
            {
                way.throttles.0.fetch_add(1, Ordering::Relaxed);
            }
            way.one_way().await;
            answer
        })
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("way", &self.way)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way")
            .field("round_trip", &self.round_trip)
            .field("throttles", &self.throttles)
            .finish_non_exhaustive()
    }
}
