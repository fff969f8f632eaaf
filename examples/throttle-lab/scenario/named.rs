use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

use super::{MINUTE, Meter, Quota, Scenario, Span};
use crate::{
    bursts::Bursts,
    fault::{Fault, FaultKind, FaultSpan},
    neighbour::Neighbour,
};

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
    /// 200,000 tokens a minute; 100 calls by 20 workers that reserve 33,300 and come to 1,400.
    Agents,
    /// As `tokens`, with `max_tokens` such that calls reserve 5 times what they come to.
    Over5,
    /// The same with 10 times.
    Over10,
    /// As `tokens`, with prompts from 100 to 20,000 tokens; 500 calls.
    Mixed,
    /// 60 requests a minute; 400 calls that come by themselves, 50 at once every two minutes.
    Bursts,
    /// 50 workers for ten minutes, of whose calls a fifth is answered 503 at once.
    Brownout,
    /// 50 workers for twelve minutes, of whose calls all are answered 503 for five.
    Outage,
    /// Several Regions, each with a quota and a prompt cache of its own: a table for each `--part`.
    Regions,
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
            bursts: None,
            calls: 600,
            seed: 1,
            network: Duration::from_millis(30),
            neighbour: None,
            input_tokens: Span {
                min: 100,
                max: 1_000,
            },
            max_tokens: 256,
            over: None,
            first_token: Duration::from_millis(300),
            per_token: Duration::from_millis(10),
            fault: None,
            fault_takes: Duration::ZERO,
            lasts: None,
            attempt_timeout: None,
        };
        let tokens = Self {
            quota: Quota {
                tpm: Some(200_000),
                ..Quota::default()
            },
            calls: 4_000,
            ..requests.clone()
        };
        // A quota that is told and never reached, and answers that take 1.4 to 6 seconds.
        let lasting = |minutes, fault| Self {
            quota: Quota {
                tpm: Some(4_000_000),
                ..Quota::default()
            },
            burst: MINUTE,
            first_token: Duration::from_secs(1),
            per_token: Duration::from_millis(25),
            fault: Some(fault),
            lasts: Some(minutes * MINUTE),
            ..requests.clone()
        };
        let unavailable = |share, span| Fault {
            kind: FaultKind::Unavailable,
            share,
            span,
        };
        match name {
            Name::Brownout => lasting(10, unavailable(0.2, None)),
            Name::Outage => {
                let (from, to) = (2 * MINUTE, 7 * MINUTE);
                lasting(12, unavailable(1.0, Some(FaultSpan { from, to })))
            }
            Name::Requests | Name::Regions => requests,
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
            Name::Agents => Self {
                // A bucket that holds one such call leaves nothing to choose: one by one is best.
                burst: MINUTE,
                workers: 20,
                calls: 100,
                input_tokens: Span {
                    min: 1_250,
                    max: 1_320,
                },
                max_tokens: 32_000,
                per_token: Duration::from_millis(25),
                ..tokens
            },
            Name::Over5 => Self {
                over: Some(5),
                ..tokens
            },
            Name::Over10 => Self {
                over: Some(10),
                ..tokens
            },
            Name::Mixed => Self {
                calls: 500,
                input_tokens: Span {
                    min: 100,
                    max: 20_000,
                },
                max_tokens: 2_000,
                ..tokens
            },
            Name::Bursts => Self {
                burst: MINUTE,
                bursts: Some(Bursts {
                    calls: 50,
                    every: 2 * MINUTE,
                }),
                calls: 400,
                ..requests
            },
        }
    }
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
}
