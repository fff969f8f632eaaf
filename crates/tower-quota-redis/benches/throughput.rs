//! How many calls a second go through one server, by several processes: `cargo bench -p tower-quota-redis --bench
//! throughput [-- PROCESSES CALLS_A_SECOND]`. Needs `redis-server`, or what `REDIS_SERVER` names.
//!
//! Each process begins its part of the calls evenly in time, whatever became of those before. There is quota enough, and
//! a call ends at once.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis_test_server::Server;
use tokio::time::{Instant, sleep_until};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_quota::{Ask, Limit, QuotaLayer};
use tower_quota_redis::RedisLog;

const SECONDS: u32 = 10;

fn main() -> Result<(), BoxError> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    if let ["process", url, rate] = words[..] {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        return runtime.block_on(process(url, rate.parse()?));
    }
    let numbers: Vec<u32> = args.iter().filter_map(|arg| arg.parse().ok()).collect();
    let [processes, rate] = numbers[..] else {
        return all(8, 6_000);
    };
    all(processes, rate)
}

fn all(processes: u32, rate: u32) -> Result<(), BoxError> {
    let server = Server::start();
    let begin = || {
        Command::new(std::env::current_exe()?)
            .args(["process", &server.url(), &(rate / processes).to_string()])
            .stdout(Stdio::piped())
            .spawn()
    };
    let children: Result<Vec<_>, _> = (0..processes).map(|_| begin()).collect();
    let (mut calls, mut waits) = (0_u32, Vec::new());
    for child in children? {
        let output = child.wait_with_output()?;
        let line = String::from_utf8(output.stdout)?;
        let mut words = line.split_whitespace();
        calls += words.next().ok_or("a process failed")?.parse::<u32>()?;
        waits.extend(
            words
                .map(str::parse::<f64>)
                .collect::<Result<Vec<_>, _>>()?,
        );
    }
    let stats: String = server.ask(&["INFO", "commandstats"]);
    let commands: f64 = ["evalsha", "eval"]
        .iter()
        .filter_map(|name| stats.split(&format!("cmdstat_{name}:calls=")).nth(1))
        .filter_map(|rest| rest.split(',').next()?.parse::<f64>().ok())
        .sum();
    let usage: String = server.ask(&["INFO", "cpu"]);
    let seconds: f64 = ["used_cpu_sys:", "used_cpu_user:"]
        .iter()
        .filter_map(|name| {
            usage
                .split(name)
                .nth(1)?
                .split_whitespace()
                .next()?
                .parse::<f64>()
                .ok()
        })
        .sum();
    println!(
        "{processes} processes: {} calls a second of {rate}, {:.2} commands a call, the server's share of a core {:.2}",
        calls / SECONDS,
        commands / f64::from(calls),
        seconds / f64::from(SECONDS),
    );
    waits.sort_by(f64::total_cmp);
    println!(
        "admission of the middle process: median {:.2} ms, 99 % {:.2} ms",
        waits[waits.len() / 4],
        waits[waits.len() * 3 / 4],
    );
    Ok(())
}

/// Prints how many calls went in time, and the median and the 99th percentile of what an admission took in ms.
async fn process(url: &str, rate: u32) -> Result<(), BoxError> {
    let limit = Limit::tokens_per_minute(10_000_000_000).burst(10_000_000_000);
    let layer = QuotaLayer::new(limit, |(): &()| Ask::new("model".to_owned()).tokens(1_000))
        .shared(RedisLog::new(url)?);
    let service = layer.layer(service_fn(|()| async { Ok::<_, BoxError>(()) }));
    service.clone().oneshot(()).await?;
    let took = Arc::new(Mutex::new(Vec::new()));
    let (begun, gap) = (Instant::now(), Duration::from_secs(1) / rate);
    for number in 0..rate * SECONDS {
        sleep_until(begun + gap * number).await;
        let (service, took) = (service.clone(), Arc::clone(&took));
        tokio::spawn(async move {
            let asked = Instant::now();
            if service.oneshot(()).await.is_ok() {
                let mut took = took.lock().expect("nobody panics with it");
                took.push(asked.elapsed().as_secs_f64() * 1e3);
            }
        });
    }
    sleep_until(begun + Duration::from_secs(SECONDS.into())).await;
    let mut took = took.lock().expect("nobody panics with it").clone();
    took.sort_by(f64::total_cmp);
    let (median, most) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    println!("{} {median} {most}", took.len());
    Ok(())
}
