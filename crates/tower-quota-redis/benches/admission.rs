//! What an admission costs beside a PING, where nothing has to be waited for: `cargo bench -p tower-quota-redis --bench
//! admission`. Needs `redis-server`, or what `REDIS_SERVER` names.
//!
//! Rounds alternate, so that what else the machine does falls on both. One call is asked at a time; its end is told
//! with the next one's beginning, as usual.

use std::time::Duration;

use redis_test_server::Server;
use tokio::time::Instant;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};
use tower_quota::{Ask, Limit, QuotaLayer};
use tower_quota_redis::RedisLog;
use tower_redis_connection::RedisServer;

const ROUNDS: usize = 40;
const ASKED: usize = 250;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let server = Server::start();
    let mut connection = RedisServer::new(&server.url())?.shared()?;
    let limit = Limit::tokens_per_minute(1_000_000_000).burst(1_000_000_000);
    let layer = QuotaLayer::new(limit, |(): &()| Ask::new("model".to_owned()).tokens(1_000))
        .shared(RedisLog::new(&server.url())?);
    let mut service = layer.layer(service_fn(|()| async { Ok::<_, BoxError>(()) }));
    let (mut pings, mut admissions) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (mut ping, mut admission) = (Vec::new(), Vec::new());
        for _ in 0..ASKED {
            let began = Instant::now();
            redis::cmd("PING").exec_async(&mut connection).await?;
            ping.push(began.elapsed());
        }
        for _ in 0..ASKED {
            let began = Instant::now();
            service.ready().await?.call(()).await?;
            admission.push(began.elapsed());
        }
        // The first one connects.
        if round > 0 {
            pings.push(median(ping));
            admissions.push(median(admission));
        }
    }
    let (ping, admission) = (median(pings), median(admissions));
    let times = admission.as_secs_f64() / ping.as_secs_f64();
    println!("PING {ping:?}, admission {admission:?}: {times:.2} times that");
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
