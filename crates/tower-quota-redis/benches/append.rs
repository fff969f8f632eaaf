//! What an append costs beside a PING: `cargo bench -p tower-quota-redis`. Needs `redis-server`, or what
//! `REDIS_SERVER` names.
//!
//! Rounds alternate, so that what else the machine does falls on both. One call is asked at a time.

use std::{error::Error, time::Duration};

use redis_test_server::Server;
use tokio::time::Instant;
use tower_quota::shared::{Append, Appended, Base, Claim, Position, SharedLog, Tail, Totals};
use tower_quota_redis::RedisLog;
use tower_redis_connection::RedisServer;

const ROUNDS: usize = 40;
const ASKED: u32 = 500;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let log = RedisLog::new(&server.url())?;
    let mut connection = RedisServer::new(&server.url())?.shared()?;
    let base = Base {
        position: Position {
            epoch: fastrand::u64(..),
            number: 0,
        },
        ..Base::default()
    };
    let mut tail = log.load("quota", base).await?.tail;
    let (mut pings, mut appends) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..ASKED {
            redis::cmd("PING").exec_async(&mut connection).await?;
        }
        pings.push(began.elapsed() / ASKED);
        let began = Instant::now();
        for _ in 0..ASKED {
            tail = append(&log, &tail).await?;
        }
        appends.push(began.elapsed() / ASKED);
    }
    let (ping, append) = (median(pings), median(appends));
    let times = append.as_secs_f64() / ping.as_secs_f64();
    println!("PING {ping:?}, append {append:?}: {times:.2} times that");
    let stats: String = server.ask(&["INFO", "commandstats"]);
    for line in stats.lines() {
        let (name, rest) = line.split_once(':').unwrap_or_default();
        let calls = rest.split(',').find_map(|part| part.strip_prefix("calls="));
        let each = rest
            .split(',')
            .find_map(|part| part.strip_prefix("usec_per_call="));
        if let (Some(name), Some(calls), Some(each)) = (name.strip_prefix("cmdstat_"), calls, each)
        {
            println!("  {name}: {calls} times {each} us");
        }
    }
    let bytes: u64 = server.ask(&["MEMORY", "USAGE", "{tower-quota:quota}:log"]);
    println!("  the log: {bytes} bytes, {} entries", tail.position.number);
    Ok(())
}

/// A call of 1,000 tokens begins, by a process that has seen all there is.
async fn append(log: &RedisLog, tail: &Tail) -> Result<Tail, Box<dyn Error>> {
    let up_to = Totals {
        calls: tail.totals.calls,
        tokens: tail.totals.tokens,
        stops: 0,
    };
    let append = Append {
        seen: tail.position,
        heard: Some((tail.at, Duration::from_micros(30))),
        facts: vec![7; 24],
        stop: false,
        claim: Some(Claim {
            bytes: vec![8; 24],
            calls: 1,
            tokens: 1_000,
            up_to,
        }),
    };
    match log.append("quota", append).await? {
        Appended::Tail(tail) => Ok(tail),
        Appended::Elsewhere => Err("it is another log".into()),
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
