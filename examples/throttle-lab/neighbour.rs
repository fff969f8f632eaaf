use std::{fmt, str::FromStr, time::Duration};

use aws_sdk_bedrockruntime::Client;
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use crate::{
    batch::Prompts,
    scenario::{Scenario, from_to, seconds},
    server::Server,
    strategy::sdk::send,
};

/// Another process that uses the same quota for a while, as `0.5@120s-360s`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Neighbour {
    /// How much of the quota it uses, up to 1.
    pub(crate) fraction: f64,
    #[serde(rename = "from_s", serialize_with = "seconds")]
    pub(crate) from: Duration,
    #[serde(rename = "to_s", serialize_with = "seconds")]
    pub(crate) to: Duration,
}

impl Neighbour {
    /// When it sends a call, by its number from 0 on; `None` once it is gone.
    pub(crate) fn at(self, scenario: &Scenario, mean_charge: f64, call: usize) -> Option<Duration> {
        let rate = scenario.quota.calls_per_second(mean_charge) * self.fraction;
        let at = self.from.as_secs_f64() + call as f64 / rate;
        let at = Duration::try_from_secs_f64(at).ok()?;
        (at < self.to).then_some(at)
    }

    /// How many calls it sends.
    pub(crate) fn calls(self, scenario: &Scenario, mean_charge: f64) -> usize {
        let rate = scenario.quota.calls_per_second(mean_charge) * self.fraction;
        ((self.to - self.from).as_secs_f64() * rate).ceil() as usize
    }

    /// Sends calls of the same kind, evenly, each of them once.
    pub(crate) async fn live(self, scenario: Scenario, server: Server, mean_charge: f64) {
        let client = Client::from_conf(server.client("neighbour").0.build());
        let start = Instant::now();
        for (number, prompt) in Prompts::new(&scenario, "neighbour").enumerate() {
            let Some(at) = self.at(&scenario, mean_charge, number) else {
                break;
            };
            sleep_until(start + at).await;
            // What becomes of it is the neighbour's own affair.
            tokio::spawn(send(client.clone(), prompt));
        }
    }
}

impl FromStr for Neighbour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || "it is FRACTION@FROM-TO, such as 0.5@120s-360s".to_owned();
        let (fraction, span) = text.split_once('@').ok_or_else(malformed)?;
        let (from, to) = from_to(span, malformed)?;
        let fraction: f64 = fraction.parse().map_err(|_| malformed())?;
        if !(fraction > 0.0 && fraction <= 1.0) {
            return Err("the fraction is above 0 and at most 1".to_owned());
        }
        Ok(Self { fraction, from, to })
    }
}

impl fmt::Display for Neighbour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from.as_secs_f64(), self.to.as_secs_f64());
        write!(f, "{} of it from {from} to {to} s", self.fraction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbour_is_a_fraction_and_a_span() {
        let neighbour: Neighbour = "0.5@120s-6m".parse().unwrap();
        let wanted = Neighbour {
            fraction: 0.5,
            from: Duration::from_secs(120),
            to: Duration::from_secs(360),
        };
        assert_eq!(neighbour, wanted);
        assert!("1@0s-100ms".parse::<Neighbour>().is_ok());
    }

    #[test]
    fn what_is_no_neighbour_is_told_why() {
        for (text, why) in [
            ("", "such as"),
            ("0.5", "such as"),
            ("0.5@120s", "such as"),
            ("half@120s-360s", "such as"),
            ("NaN@120s-360s", "at most 1"),
            ("0@120s-360s", "above 0"),
            ("1.5@120s-360s", "at most 1"),
            ("0.5@120-360s", "`120`"),
            ("0.5@120s-x", "`x`"),
            ("0.5@360s-120s", "ends after"),
            ("0.5@1s-1s", "ends after"),
        ] {
            let error = text.parse::<Neighbour>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
