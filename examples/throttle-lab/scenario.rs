use std::{fmt, time::Duration};

use clap::ValueEnum;
use serde::{Serialize, Serializer};

use crate::neighbour::Neighbour;

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
    pub(crate) calls: usize,
    pub(crate) seed: u64,
    #[serde(rename = "network_s", serialize_with = "seconds")]
    pub(crate) network: Duration,
    pub(crate) neighbour: Option<Neighbour>,
    pub(crate) input_tokens: Span,
    pub(crate) max_tokens: u32,
    #[serde(rename = "first_token_s", serialize_with = "seconds")]
    pub(crate) first_token: Duration,
    #[serde(rename = "per_token_s", serialize_with = "seconds")]
    pub(crate) per_token: Duration,
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

/// Scenarios that need no further flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Name {
    /// 60 requests a minute, 600 calls by 50 workers.
    Requests,
    /// 200,000 tokens a minute, 4,000 calls by 50 workers.
    Tokens,
    /// As `tokens`, where an output token costs 5; 2,000 calls.
    Burndown,
    /// As `requests`, counted in the last 60 seconds.
    Sliding,
    /// As `requests`, counted in fixed minutes.
    Fixed,
    /// As `requests`, and another process uses half of the quota for four minutes.
    Neighbour,
    /// 300 requests a minute, 3,000 calls by 1,000 workers.
    Many,
}

impl Scenario {
    pub(crate) fn named(name: Name) -> Self {
        let requests = Self {
            name,
            quota: Quota {
                rpm: Some(60),
                ..Quota::default()
            },
            burst: Duration::from_secs(10),
            meter: Meter::Bucket,
            burndown: 1,
            workers: 50,
            calls: 600,
            seed: 1,
            network: Duration::from_millis(30),
            neighbour: None,
            input_tokens: Span {
                min: 100,
                max: 1_000,
            },
            max_tokens: 256,
            first_token: Duration::from_millis(300),
            per_token: Duration::from_millis(10),
        };
        let tokens = Self {
            quota: Quota {
                tpm: Some(200_000),
                ..Quota::default()
            },
            calls: 4_000,
            ..requests.clone()
        };
        match name {
            Name::Requests => requests,
            Name::Tokens => tokens,
            Name::Burndown => Self {
                burndown: 5,
                calls: 2_000,
                ..tokens
            },
            Name::Sliding => Self {
                meter: Meter::Sliding,
                ..requests
            },
            Name::Fixed => Self {
                meter: Meter::Fixed,
                ..requests
            },
            Name::Neighbour => Self {
                neighbour: Some(Neighbour {
                    fraction: 0.5,
                    from: Duration::from_secs(120),
                    to: Duration::from_secs(360),
                }),
                ..requests
            },
            Name::Many => Self {
                quota: Quota {
                    rpm: Some(300),
                    ..Quota::default()
                },
                workers: 1_000,
                calls: 3_000,
                ..requests
            },
        }
    }

    /// As many calls as ten minutes of the quota allow, by what an average one costs; no more than
    /// can be simulated in a minute or so.
    pub(crate) fn with_calls_of_ten_minutes(self) -> Self {
        // Half of the prompts are long, and an answer has 16 to 200 tokens.
        let Span { min, max } = self.input_tokens;
        let input = (1.5 * min as f64 + 0.75 * max as f64) / 2.0;
        let output = f64::from(self.max_tokens).min(108.0) * self.burndown as f64;
        let calls = 600.0 * self.quota.calls_per_second(input + output);
        Self {
            calls: (calls as usize).min(10_000).max(3 * self.workers),
            ..self
        }
    }

    /// Says why no strategy could ever get all the calls through.
    pub(crate) fn check(&self) -> Result<(), String> {
        let largest = self.input_tokens.max + u64::from(self.max_tokens);
        let per_minute = self.quota.tpm.map(|tpm| match self.meter {
            Meter::Bucket => (tpm as f64 * self.burst.as_secs_f64() / 60.0) as u64,
            Meter::Fixed | Meter::Sliding => tpm,
        });
        for (room, what) in [
            (per_minute, "what --tpm allows at one time"),
            (self.quota.tpd, "--tpd"),
        ] {
            if let Some(room) = room.filter(|&room| room < largest) {
                return Err(format!(
                    "a call may ask for {largest} tokens (--input-tokens and --max-tokens), which \
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

/// In seconds.
pub(crate) const DAY: f64 = 24.0 * 60.0 * 60.0;

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quotas = [
            (self.quota.rpm, "requests/min"),
            (self.quota.tpm, "tokens/min"),
            (self.quota.tpd, "tokens/day"),
        ];
        let quotas = quotas
            .iter()
            .filter_map(|(limit, unit)| limit.map(|limit| format!("{} {unit}", Grouped(limit))));
        write!(f, "{}", quotas.collect::<Vec<_>>().join(", "))?;
        match self.meter {
            Meter::Bucket => write!(
                f,
                " in a bucket of {}",
                humantime::format_duration(self.burst)
            )?,
            Meter::Fixed => write!(f, " in fixed minutes")?,
            Meter::Sliding => write!(f, " in sliding minutes")?,
        }
        if self.burndown > 1 {
            write!(f, ", burndown {}", self.burndown)?;
        }
        let calls = Grouped(self.calls as u64);
        let workers = Grouped(self.workers as u64);
        write!(f, "; {calls} calls by {workers} workers")?;
        if let Some(neighbour) = &self.neighbour {
            write!(f, "; a neighbour takes {neighbour}")?;
        }
        Ok(())
    }
}

/// A number with commas: 200,000.
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (at, digit) in digits.char_indices() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

pub(crate) fn seconds<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_scenario_can_be_done() {
        for name in Name::value_variants() {
            let scenario = Scenario::named(*name);
            assert_eq!(scenario.check(), Ok(()), "{name:?}");
            assert!(scenario.workers <= scenario.calls);
        }
    }

    #[test]
    fn a_call_larger_than_the_bucket_is_refused() {
        let mut scenario = Scenario::named(Name::Tokens);
        scenario.burst = Duration::from_millis(100);
        let why = scenario.check().unwrap_err();
        assert!(why.contains("1256") && why.contains("333"), "{why}");
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

    #[test]
    fn a_scenario_reads_as_one_line() {
        let line = Scenario::named(Name::Burndown).to_string();
        let wanted = "200,000 tokens/min in a bucket of 10s, burndown 5; 2,000 calls by 50 workers";
        assert_eq!(line, wanted);
    }
}
