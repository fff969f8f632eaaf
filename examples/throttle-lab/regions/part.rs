use clap::ValueEnum;
use serde::Serialize;

use crate::scenario::{MINUTE, Meter, Name, Quota, Scenario, Span};

/// One question about several Regions, and one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Part {
    /// 60 requests a minute in each Region; 600 calls by 50 workers.
    Requests,
    /// 200,000 tokens a minute in each; 600 calls by 50 workers that reserve 5 times what they use.
    Tokens,
    /// 60 requests a minute in each; calls come by themselves, half of what the first Region has.
    Calm,
    /// 50 workers for twelve minutes; the first Region answers 503 to all calls for five.
    Down,
    /// 40 conversations of 20 turns with prompt caching, at 0.8 of 200,000 tokens a minute in each.
    Chat,
}

impl Part {
    /// What one Region is, and who calls it.
    pub(super) fn scenario(self) -> Scenario {
        match self {
            Self::Requests => Scenario::named(Name::Regions),
            Self::Tokens => Scenario {
                calls: 600,
                name: Name::Regions,
                ..Scenario::named(Name::Over5)
            },
            Self::Calm => Scenario {
                calls: 300,
                ..Scenario::named(Name::Regions)
            },
            Self::Down => Scenario {
                name: Name::Regions,
                ..Scenario::named(Name::Outage)
            },
            Self::Chat => Scenario {
                name: Name::Regions,
                quota: Quota {
                    tpm: Some(200_000),
                    ..Quota::default()
                },
                // A turn reserves all of its conversation, cached or not: a bucket of 10 s would hold
                // one or two long ones.
                burst: MINUTE,
                meter: Meter::Bucket,
                burndown: 5,
                workers: 40,
                calls: 800,
                // What the user adds in each turn, say with a tool's result.
                input_tokens: Span {
                    min: 500,
                    max: 1_500,
                },
                ..Scenario::named(Name::Tokens)
            },
        }
    }
}
