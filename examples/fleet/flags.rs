use std::{num::NonZeroUsize, path::PathBuf, str::FromStr, time::Duration};

use clap::{Parser, ValueEnum, value_parser};
use serde::Serialize;

use crate::{load::Load, outage::Outage};

/// Processes that share one quota through Redis, and what one process makes of the same calls.
#[derive(Debug, Parser)]
#[command(max_term_width = 100)]
pub(crate) struct Flags {
    /// Processes of the fleet.
    #[arg(long, default_value = "8", value_name = "N")]
    processes: NonZeroUsize,
    /// Calls under way or waiting at one time, in each process.
    #[arg(long, default_value = "10", value_name = "N")]
    workers: NonZeroUsize,
    /// The quota and the calls: 60rpm (any number), 200k-5x (200,000 tokens a minute, calls that
    /// reserve five times what they come to; any numbers), or agents (200,000 tokens a minute, calls
    /// that reserve 33,300 and come to 1,400).
    #[arg(long, default_value = "600rpm", value_name = "LOAD")]
    load: Load,
    /// How the simulator counts its minutes. Default: bucket60 for agents, bucket10 for the rest.
    #[arg(long, value_enum)]
    meter: Option<Meter>,
    /// Calls to make in all, each of them different.
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    calls: Option<NonZeroUsize>,
    /// As many calls as the quota allows in about so long.
    #[arg(long, default_value_t = 20, value_name = "S", value_parser = value_parser!(u64).range(1..))]
    seconds: u64,
    /// Do not tell the processes the quota: they find it by probing.
    #[arg(long)]
    untold: bool,
    /// Share the quota alone, and no cache.
    #[arg(long)]
    without_cache: bool,
    /// Kill so many processes so many seconds after the start; the others make their calls.
    #[arg(long, value_name = "N@S")]
    kill: Option<Kill>,
    /// Kill Redis, and start an empty one, such as 5-15 in seconds after the start.
    #[arg(long, value_name = "FROM-TO", conflicts_with = "redis")]
    outage: Option<Outage>,
    /// Make the calls once more, by processes that know nothing of each other and are told the same.
    #[arg(long)]
    pub(crate) without_fleet: bool,
    /// Do not make the calls once more by one process with all the workers.
    #[arg(long)]
    pub(crate) skip_one: bool,
    /// Use this server, which others may use too, in place of a Redis of one's own.
    #[arg(
        long,
        value_name = "URL",
        env = "FLEET_REDIS_URL",
        hide_env_values = true
    )]
    pub(crate) redis: Option<String>,
    /// What prompts are drawn from.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw the admitted calls of each process over time.
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) svg: Option<PathBuf>,
    /// How this program starts the processes.
    #[arg(long, hide = true)]
    pub(crate) member: bool,
}

/// What is to be done, whoever does it.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) processes: usize,
    pub(crate) workers: usize,
    pub(crate) load: Load,
    pub(crate) meter: Meter,
    pub(crate) calls: usize,
    pub(crate) told: bool,
    pub(crate) cache: bool,
    pub(crate) kill: Option<Kill>,
    pub(crate) outage: Option<Outage>,
    pub(crate) seed: u64,
}

/// How the simulator counts its minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Meter {
    /// A bucket that refills continuously and holds 10 seconds of the quota.
    Bucket10,
    /// One that holds a minute.
    Bucket60,
    /// Minutes from the start.
    Fixed,
    /// The 60 seconds before each call.
    Sliding,
}

/// How many processes are killed, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kill {
    pub(crate) processes: usize,
    pub(crate) after: Duration,
}

impl Flags {
    pub(crate) fn plan(&self) -> Plan {
        let meter = self.meter.unwrap_or(self.load.meter());
        let calls = self.calls.map_or_else(
            || self.load.calls_in(meter.burst(), self.seconds),
            NonZeroUsize::get,
        );
        Plan {
            processes: self.processes.get(),
            workers: self.workers.get(),
            load: self.load,
            meter,
            calls,
            told: !self.untold,
            cache: !self.without_cache,
            kill: self.kill,
            outage: self.outage,
            seed: self.seed,
        }
    }
}

impl Meter {
    /// The time whose quota can be used at once.
    pub(crate) fn burst(self) -> Duration {
        match self {
            Self::Bucket10 => Duration::from_secs(10),
            Self::Bucket60 | Self::Fixed | Self::Sliding => Duration::from_secs(60),
        }
    }

    pub(crate) fn of_simulator(self) -> bedrock_sim::Meter {
        match self {
            Self::Bucket10 | Self::Bucket60 => bedrock_sim::Meter::Bucket,
            Self::Fixed => bedrock_sim::Meter::FixedMinute,
            Self::Sliding => bedrock_sim::Meter::SlidingMinute,
        }
    }

    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Bucket10 => "in a bucket of 10 s",
            Self::Bucket60 => "in a bucket of a minute",
            Self::Fixed => "in fixed minutes",
            Self::Sliding => "in sliding minutes",
        }
    }
}

impl FromStr for Kill {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('@').and_then(|(processes, after)| {
            Some(Self {
                processes: processes.parse().ok()?,
                after: seconds(after)?,
            })
        });
        parts.ok_or("it is processes@seconds, such as 1@10")
    }
}

/// A number of seconds, which may have a fraction.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    let number: f64 = text.trim_end_matches('s').parse().ok()?;
    Duration::try_from_secs_f64(number).ok()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn plan(flags: &str) -> Plan {
        let words = ["fleet"].into_iter().chain(flags.split_whitespace());
        Flags::try_parse_from(words).expect("flags").plan()
    }

    #[test]
    fn flags_are_consistent() {
        Flags::command().debug_assert();
    }

    #[test]
    fn calls_are_what_the_quota_allows_in_time() {
        assert_eq!(plan("").calls, 300);
        assert_eq!(plan("--load 60rpm --seconds 50").calls, 60);
        assert_eq!(plan("--load 60rpm --meter fixed --seconds 60").calls, 120);
        assert_eq!(plan("--calls 7").calls, 7);
    }

    #[test]
    fn agents_have_a_bucket_that_holds_several_of_them() {
        assert_eq!(plan("--load agents").meter, Meter::Bucket60);
        assert_eq!(plan("--load agents --meter sliding").meter, Meter::Sliding);
        assert_eq!(plan("--load 200k-5x").meter, Meter::Bucket10);
    }

    #[test]
    fn killed_processes_are_a_number_and_a_time() {
        let kill = "2@1.5".parse::<Kill>().unwrap();
        assert_eq!((kill.processes, kill.after.as_millis()), (2, 1500));
        assert!("2".parse::<Kill>().is_err());
        assert!("2@-1".parse::<Kill>().is_err());
    }
}
