use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
use tokio::time::{Instant, sleep};

/// The way between one client and the simulator: it takes time, and traffic is counted on it.
#[derive(Clone)]
pub(crate) struct Network {
    inner: SharedHttpClient,
    way: Way,
}

/// What a client sends, and how many answers with status 429 it gets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    sent: Vec<Instant>,
    throttled: u64,
}

#[derive(Clone)]
struct Way {
    round_trip: Duration,
    rng: Arc<Mutex<Rng>>,
    traffic: Traffic,
}

impl Network {
    /// Half of the round trip each way, a quarter of that more or less by chance.
    pub(crate) fn new(inner: SharedHttpClient, round_trip: Duration, rng: Rng) -> Self {
        Self {
            inner,
            way: Way {
                round_trip,
                rng: Arc::new(Mutex::new(rng)),
                traffic: Traffic::default(),
            },
        }
    }

    pub(crate) fn traffic(&self) -> Traffic {
        self.way.traffic.clone()
    }
}

impl Traffic {
    /// How many traffic there were.
    pub(crate) fn throttled(&self) -> u64 {
        self.counts().throttled
    }

    /// When each request was sent.
    pub(crate) fn sent_since(&self, start: Instant) -> Vec<Duration> {
        let counts = self.counts();
        let sent = counts.sent.iter();
        sent.map(|at| at.saturating_duration_since(start)).collect()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        way.traffic.counts().sent.push(Instant::now());
        HttpConnectorFuture::new(async move {
            way.one_way().await;
            let answer = inner.call(request).await;
            if answer
                .as_ref()
                .is_ok_and(|answer| answer.status().as_u16() == 429)
            {
                way.traffic.counts().throttled += 1;
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
            .finish_non_exhaustive()
    }
}
