mod display;
mod named;

use std::time::Duration;

use clap::ValueEnum;
use serde::{Serialize, Serializer};

pub(crate) use self::named::Name;
use crate::{bursts::Bursts, fault::Fault, neighbour::Neighbour};

/// Everything that a row depends on but its strategy.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Scenario {
    pub(crate) name: Name,
    #[serde(flatten)]
    pub(crate) quota: Quota,
    #[serde(rename = "burst_s", serialize_with = "seconds")]
    pub(crate) burst: Duration,
    pub(crate) meter: Meter,
    pub(crate) burndown: u64,
    pub(crate) workers: usize,
    /// Calls that come by themselves, in place of workers.
    pub(crate) bursts: Option<Bursts>,
    pub(crate) calls: usize,
    pub(crate) seed: u64,
    #[serde(rename = "network_s", serialize_with = "seconds")]
    pub(crate) network: Duration,
    pub(crate) neighbour: Option<Neighbour>,
    pub(crate) input_tokens: Span,
    pub(crate) max_tokens: u32,
    /// In place of one `max_tokens` for all calls: how many times what it comes to a call reserves.
    pub(crate) over: Option<u32>,
    #[serde(rename = "first_token_s", serialize_with = "seconds")]
    pub(crate) first_token: Duration,
    #[serde(rename = "per_token_s", serialize_with = "seconds")]
    pub(crate) per_token: Duration,
    /// What goes wrong at the server.
    pub(crate) fault: Option<Fault>,
    /// How long the server takes to answer with an error.
    #[serde(rename = "fault_takes_s", serialize_with = "seconds")]
    pub(crate) fault_takes: Duration,
    /// For how long workers go on, in place of a number of calls.
    #[serde(rename = "lasts_s", serialize_with = "optional_seconds")]
    pub(crate) lasts: Option<Duration>,
    /// How long each attempt may take.
    #[serde(rename = "attempt_timeout_s", serialize_with = "optional_seconds")]
    pub(crate) attempt_timeout: Option<Duration>,
}

/// The quotas of the model that is called; at least one of them is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Quota {
    /// Requests per minute.
    pub(crate) rpm: Option<u64>,
    /// Tokens per minute.
    pub(crate) tpm: Option<u64>,
    /// Tokens per day.
    pub(crate) tpd: Option<u64>,
}

/// How the simulator counts its minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Meter {
    /// A bucket that refills continuously and holds the burst.
    Bucket,
    /// Minutes from the start.
    Fixed,
    /// The 60 seconds before each call.
    Sliding,
}

/// From the fewest to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Span {
    pub(crate) min: u64,
    pub(crate) max: u64,
}

impl Scenario {
    /// As many calls as ten minutes of the quota allow, by what an average one costs; no more than
    /// can be simulated in a minute or so.
    pub(crate) fn with_calls_of_ten_minutes(self) -> Self {
        let calls = 600.0 * self.calls_per_second();
        Self {
            calls: (calls as usize).min(10_000).max(3 * self.workers),
            ..self
        }
    }

    /// How many calls the quota allows in a second, by what an average one costs.
    pub(crate) fn calls_per_second(&self) -> f64 {
        // Half of the prompts are long, and an answer has 16 to 200 tokens.
        let Span { min, max } = self.input_tokens;
        let input = (1.5 * min as f64 + 0.75 * max as f64) / 2.0;
        let longest = self.max_tokens(min).max(self.max_tokens(max));
        let output = longest.min(ANSWER) as f64 * self.burndown as f64;
        self.quota.calls_per_second(input + output)
    }

    /// The longest answer that a call with so long a prompt allows, in tokens.
    pub(crate) fn max_tokens(&self, input: u64) -> u64 {
        let Some(over) = self.over else {
            return self.max_tokens.into();
        };
        let comes_to = input + MESSAGE + ANSWER * self.burndown;
        u64::from(over) * comes_to - input - MESSAGE
    }

    /// What the largest call reserves, in tokens.
    pub(crate) fn largest(&self) -> u64 {
        let longest = self.input_tokens.max;
        longest + MESSAGE + self.max_tokens(longest)
    }

    /// With a bucket of tokens that holds the largest call, which would else be throttled for ever.
    pub(crate) fn with_room_for_the_largest_call(self) -> Self {
        let fills_in = self.quota.tpm.map_or(0, |tpm| {
            let minute = MINUTE.as_millis() as u64;
            (minute * self.largest()).div_ceil(tpm)
        });
        Self {
            burst: self.burst.max(Duration::from_millis(fills_in)),
            ..self
        }
    }

    /// Says why no strategy could ever get all the calls through.
    pub(crate) fn check(&self) -> Result<(), String> {
        let largest = self.largest();
        let longest = self.max_tokens(self.input_tokens.max);
        if longest > LONGEST_ANSWER {
            return Err(format!(
                "a call may ask for an answer of {longest} tokens (--over), and no model writes \
                 more than {LONGEST_ANSWER}"
            ));
        }
        if self.lasts.is_some() && self.bursts.is_some() {
            return Err("--lasts is for workers, and --bursts has none".to_owned());
        }
        if self.fault.is_some() && self.lasts.is_none() {
            return Err("--fault needs to know how long, by --lasts".to_owned());
        }
        let windows = self.meter != Meter::Bucket;
        for (room, what) in [
            (self.quota.tpm.filter(|_| windows), "--tpm"),
            (self.quota.tpd, "--tpd"),
        ] {
            if let Some(room) = room.filter(|&room| room < largest) {
                return Err(format!(
                    "a call may reserve {largest} tokens (--input-tokens and --max-tokens), which \
                     is more than {what}, {room}, and would be throttled for ever"
                ));
            }
        }
        Ok(())
    }
}

impl Quota {
    /// How many calls of so many tokens it allows in a second.
    pub(crate) fn calls_per_second(&self, tokens: f64) -> f64 {
        let per_minute = [
            self.rpm.map(|rpm| rpm as f64 / 60.0),
            self.tpm.map(|tpm| tpm as f64 / 60.0 / tokens),
            self.tpd.map(|tpd| tpd as f64 / DAY / tokens),
        ];
        per_minute
            .into_iter()
            .flatten()
            .fold(f64::INFINITY, f64::min)
    }
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
/// What the simulator counts for a message on top of its text, in tokens.
const MESSAGE: u64 = 4;
/// The simulator's answer on average, in tokens.
const ANSWER: u64 = 108;
/// The longest that a model of [`model_id`](crate::server::model_id) writes, in tokens.
pub(crate) const LONGEST_ANSWER: u64 = 64_000;
/// In seconds.
pub(crate) const DAY: f64 = 24.0 * 60.0 * 60.0;

/// Reads `FROM-TO`, such as `120s-360s`.
pub(crate) fn from_to(
    text: &str,
    malformed: impl Fn() -> String,
) -> Result<(Duration, Duration), String> {
    let (from, to) = text.split_once('-').ok_or_else(malformed)?;
    let duration = |text| humantime::parse_duration(text).map_err(|why| format!("`{text}`: {why}"));
    let (from, to) = (duration(from)?, duration(to)?);
    if from >= to {
        return Err("it ends after it begins".to_owned());
    }
    Ok((from, to))
}

pub(crate) fn seconds<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

fn optional_seconds<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    duration
        .map(|time| time.as_secs_f64())
        .serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_larger_than_the_minute_is_refused() {
        let mut scenario = Scenario::named(Name::Tokens);
        scenario.quota.tpm = Some(1_000);
        scenario.meter = Meter::Sliding;
        let why = scenario.check().unwrap_err();
        assert!(why.contains("1260") && why.contains("1000"), "{why}");
        scenario.meter = Meter::Bucket;
        assert_eq!(scenario.check(), Ok(()));
    }

    #[test]
    fn a_bucket_holds_the_largest_call() {
        let burst = |name, seconds| {
            let scenario = Scenario {
                burst: Duration::from_secs_f64(seconds),
                ..Scenario::named(name)
            };
            scenario.with_room_for_the_largest_call().burst
        };
        assert_eq!(burst(Name::Tokens, 1.5), Duration::from_millis(1_500));
        assert_eq!(burst(Name::Requests, 0.0), Duration::ZERO);
        // 33,324 tokens at 200,000 a minute, in whole milliseconds.
        assert_eq!(burst(Name::Agents, 1.5), Duration::from_millis(9_998));
        assert_eq!(burst(Name::Agents, 60.0), Duration::from_secs(60));
    }

    #[test]
    fn calls_reserve_so_many_times_what_they_come_to() {
        let scenario = Scenario::named(Name::Over5);
        assert_eq!(388 + 4 + scenario.max_tokens(388), 5 * (388 + 4 + 108));
        let scenario = Scenario {
            burndown: 5,
            ..scenario
        };
        assert_eq!(456 + 4 + scenario.max_tokens(456), 5 * (456 + 4 + 540));
        assert_eq!(Scenario::named(Name::Agents).max_tokens(1), 32_000);
    }

    #[test]
    fn the_tightest_quota_decides_how_many_calls_go() {
        let quota = Quota {
            rpm: Some(120),
            tpm: Some(60_000),
            tpd: None,
        };
        assert!((quota.calls_per_second(100.0) - 2.0).abs() < 1e-9);
        assert!((quota.calls_per_second(1_000.0) - 1.0).abs() < 1e-9);
    }
}
