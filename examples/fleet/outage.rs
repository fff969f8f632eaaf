use std::{str::FromStr, time::Duration};

use crate::flags::seconds;

/// From when to when there is no Redis, counted from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outage {
    pub(crate) from: Duration,
    pub(crate) to: Duration,
}

impl FromStr for Outage {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('-').and_then(|(from, to)| {
            Some(Self {
                from: seconds(from)?,
                to: seconds(to)?,
            })
        });
        parts
            .filter(|outage| outage.from < outage.to)
            .ok_or("it is from-to in seconds, such as 5-15")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_has_a_beginning_and_an_end() {
        let outage: Outage = "5-15s".parse().unwrap();
        assert_eq!((outage.from.as_secs(), outage.to.as_secs()), (5, 15));
        for text in ["5", "15-5", "a-b", "5-5"] {
            assert!(text.parse::<Outage>().is_err(), "{text}");
        }
    }
}
