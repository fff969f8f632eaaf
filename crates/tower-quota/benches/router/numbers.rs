//! What is told of it.

use std::time::Duration;

use crate::flood::Flood;
use crate::server::Kind;

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) keys: u64,
    pub(crate) max_keys: usize,
    pub(crate) remembered: usize,
    pub(crate) flood: Flood,
    pub(crate) alone: Quantiles,
    pub(crate) beside: Quantiles,
    /// How much more of the memory the process has.
    pub(crate) rss: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Quantiles {
    p50: Duration,
    p99: Duration,
    longest: Duration,
}

impl Quantiles {
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |part: f64| {
            let last = times.len().saturating_sub(1);
            times
                .get((last as f64 * part) as usize)
                .copied()
                .unwrap_or_default()
        };
        Self {
            p50: at(0.5),
            p99: at(0.99),
            longest: at(1.0),
        }
    }
}

/// How long the processor has worked for this thread.
#[cfg(unix)]
pub(crate) fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(not(unix))]
pub(crate) fn worked() -> Duration {
    Duration::ZERO
}

/// What the process has of the memory, in bytes, as Linux tells it.
pub(crate) fn rss() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

pub(crate) fn print_head() {
    println!(
        "kind    max_keys     keys | p50 ns  p99 ns  worst µs (work µs)  mean work ns | \
         bytes a key, RSS MB | hot key p50/p99 ns alone, beside"
    );
}

pub(crate) fn print(row: &Row) {
    let Flood {
        took,
        most_work,
        mean_work,
        bytes,
    } = &row.flood;
    println!(
        "{:7} {:8} {:8} | {:6} {:7} {:9} {:11} {:13} | {:11} {:7} | {}/{}, {}/{}",
        format!("{:?}", row.kind),
        row.max_keys,
        row.keys,
        took.p50.as_nanos(),
        took.p99.as_nanos(),
        took.longest.as_micros(),
        most_work.as_micros(),
        mean_work.as_nanos(),
        bytes,
        row.rss >> 20,
        row.alone.p50.as_nanos(),
        row.alone.p99.as_nanos(),
        row.beside.p50.as_nanos(),
        row.beside.p99.as_nanos(),
    );
}

pub(crate) fn to_json(rows: &[Row]) -> String {
    let rows: Vec<_> = rows.iter().map(row_to_json).collect();
    format!("{{\"rows\":[\n{}\n]}}", rows.join(",\n"))
}

fn row_to_json(row: &Row) -> String {
    let quantiles = |times: &Quantiles| {
        format!(
            "{{\"p50_ns\":{},\"p99_ns\":{},\"longest_ns\":{}}}",
            times.p50.as_nanos(),
            times.p99.as_nanos(),
            times.longest.as_nanos()
        )
    };
    format!(
        "{{\"kind\":\"{:?}\",\"max_keys\":{},\"keys\":{},\"remembered\":{},\"new_key\":{},\
         \"new_key_mean_work_ns\":{},\"new_key_most_work_ns\":{},\"heap_bytes_a_key\":{},\
         \"rss_bytes\":{},\"hot_key_alone\":{},\"hot_key_beside\":{}}}",
        row.kind,
        row.max_keys,
        row.keys,
        row.remembered,
        quantiles(&row.flood.took),
        row.flood.mean_work.as_nanos(),
        row.flood.most_work.as_nanos(),
        row.flood.bytes,
        row.rss,
        quantiles(&row.alone),
        quantiles(&row.beside),
    )
}
