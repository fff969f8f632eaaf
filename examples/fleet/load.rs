use std::{fmt, str::FromStr, time::Duration};

use aws_sdk_bedrockruntime::{
    error::BuildError,
    operation::converse::ConverseInput,
    types::{ContentBlock, ConversationRole, InferenceConfiguration, Message},
};
use bedrock_sim::{Latency, Model};
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use tower_bedrock::policy::{ModelQuota, Quotas};

use crate::flags::Meter;

/// One that writes up to 64,000 tokens, of which each costs one of quota.
pub(crate) const MODEL: &str = "us.amazon.nova-2-lite-v1:0";

/// A quota, and the calls that are made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Load {
    /// So many requests a minute.
    Requests(u64),
    /// So many tokens a minute, and calls that reserve so many times what they come to.
    Tokens { per_minute: u64, over: u64 },
    /// 200,000 tokens a minute, and calls that reserve 33,300 and come to 1,400.
    Agents,
}

/// The simulator's answer on average, in tokens.
const ANSWER: u64 = 108;
/// What the simulator counts for a message on top of its text, in tokens.
const MESSAGE: u64 = 4;

impl Load {
    /// The fewest and the most tokens of a prompt.
    fn prompt(self) -> (u64, u64) {
        match self {
            Self::Requests(_) | Self::Tokens { .. } => (100, 1_000),
            Self::Agents => (1_250, 1_320),
        }
    }

    fn max_tokens(self, prompt: u64) -> u64 {
        match self {
            Self::Requests(_) => 256,
            Self::Tokens { over, .. } => {
                let comes_to = prompt + MESSAGE + ANSWER;
                over * comes_to - prompt - MESSAGE
            }
            Self::Agents => 32_000,
        }
    }

    pub(crate) fn meter(self) -> Meter {
        match self {
            Self::Requests(_) | Self::Tokens { .. } => Meter::Bucket10,
            Self::Agents => Meter::Bucket60,
        }
    }

    /// How many calls the quota allows in so many seconds, after what it allows at once.
    pub(crate) fn calls_in(self, burst: Duration, seconds: u64) -> usize {
        let per_minute = match self {
            Self::Requests(requests) => requests as f64,
            Self::Tokens { .. } | Self::Agents => {
                // As many prompts between 100 and 200 tokens as between 500 and 1,000.
                let (low, high) = self.prompt();
                let (low, high) = (low as f64, high as f64);
                let prompt = (high - low) / (high / low).ln();
                self.tokens_per_minute() as f64 / (prompt + (MESSAGE + ANSWER) as f64)
            }
        };
        let seconds = seconds as f64 + burst.as_secs_f64();
        ((per_minute / 60.0 * seconds) as usize).max(1)
    }

    fn tokens_per_minute(self) -> u64 {
        match self {
            Self::Requests(_) => 0,
            Self::Tokens { per_minute, .. } => per_minute,
            Self::Agents => 200_000,
        }
    }

    /// The model as the simulator has it.
    pub(crate) fn model(self, burst: Duration) -> Model {
        let model = Model::new(MODEL).burst(burst);
        match self {
            Self::Requests(requests) => model.requests_per_minute(requests),
            _ => model.tokens_per_minute(self.tokens_per_minute()),
        }
    }

    pub(crate) fn latency(self) -> Latency {
        let per_token = match self {
            Self::Agents => 25,
            Self::Requests(_) | Self::Tokens { .. } => 10,
        };
        Latency::new(Duration::from_millis(300), Duration::from_millis(per_token))
    }

    /// What the stacks are told.
    pub(crate) fn quotas(self) -> Quotas {
        let quota = match self {
            Self::Requests(requests) => ModelQuota::new().requests_per_minute(requests),
            _ => ModelQuota::new().tokens_per_minute(self.tokens_per_minute()),
        };
        Quotas::new().model(MODEL, quota)
    }

    /// The call of that number. No two are the same.
    pub(crate) fn call(self, number: usize, seed: u64) -> Result<ConverseInput, BuildError> {
        let mut rng = Rng::with_seed(seed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (low, high) = self.prompt();
        let share = (high as f64 / low as f64).powf(rng.f64());
        let tokens = (low as f64 * share).round() as u64;
        // Four characters each.
        let length = (tokens * 4) as usize;
        let mut text = format!("call {number} of {seed}:");
        while text.len() < length {
            text.push(' ');
            text.push_str(WORDS[rng.usize(..WORDS.len())]);
        }
        text.truncate(length);
        let message = Message::builder()
            .role(ConversationRole::User)
            .content(ContentBlock::Text(text))
            .build()?;
        let longest = i32::try_from(self.max_tokens(tokens)).unwrap_or(i32::MAX);
        ConverseInput::builder()
            .model_id(MODEL)
            .messages(message)
            .inference_config(
                InferenceConfiguration::builder()
                    .max_tokens(longest)
                    .build(),
            )
            .build()
    }
}

const WORDS: [&str; 12] = [
    "quota", "minute", "bucket", "token", "window", "answer", "prompt", "model", "limit", "region",
    "wait", "turn",
];

impl FromStr for Load {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "agents" {
            return Ok(Self::Agents);
        }
        let requests = text
            .strip_suffix("rpm")
            .and_then(|number| number.parse().ok());
        if let Some(requests @ 1..) = requests {
            return Ok(Self::Requests(requests));
        }
        let tokens = text
            .strip_suffix('x')
            .and_then(|rest| rest.split_once("k-"));
        let numbers = tokens.and_then(|(thousands, over)| {
            Some((thousands.parse::<u64>().ok()?, over.parse::<u64>().ok()?))
        });
        match numbers {
            // At 50 times the largest call reserves a quarter of a minute of 200,000 tokens.
            Some((thousands @ 1..=1_000_000, over @ 2..=50)) => Ok(Self::Tokens {
                per_minute: thousands * 1_000,
                over,
            }),
            _ => Err("it is 60rpm, 200k-5x, agents, or the like with other numbers"),
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests(requests) => write!(f, "{requests} requests/min"),
            Self::Tokens { per_minute, over } => write!(
                f,
                "{per_minute} tokens/min, calls that reserve {over} x what they come to"
            ),
            Self::Agents => write!(
                f,
                "200000 tokens/min, calls that reserve 33300 and come to 1400"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_have_names() {
        let tokens = |per_minute, over| Load::Tokens { per_minute, over };
        for (name, load) in [
            ("60rpm", Load::Requests(60)),
            ("200k-5x", tokens(200_000, 5)),
            ("200k-10x", tokens(200_000, 10)),
            ("agents", Load::Agents),
        ] {
            assert_eq!(name.parse(), Ok(load), "{name}");
        }
        for name in ["", "rpm", "0rpm", "200k", "200k-1x", "k-x", "60"] {
            assert!(name.parse::<Load>().is_err(), "{name}");
        }
    }

    #[test]
    fn calls_reserve_what_the_name_says() {
        let load: Load = "200k-5x".parse().unwrap();
        let input = load.call(3, 1).unwrap();
        let longest = input.inference_config().unwrap().max_tokens().unwrap();
        let Some(ContentBlock::Text(text)) = input.messages()[0].content().first() else {
            panic!("a prompt is a text");
        };
        let prompt = text.len() as u64 / 4;
        let reserved = prompt + MESSAGE + longest as u64;
        assert_eq!(reserved, 5 * (prompt + MESSAGE + ANSWER));
        assert_ne!(load.call(3, 1).unwrap(), load.call(4, 1).unwrap());
        assert_eq!(load.call(3, 1).unwrap(), load.call(3, 1).unwrap());
    }
}
