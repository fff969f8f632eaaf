use std::{fmt, str::FromStr, time::Duration};

use serde::Serialize;

use crate::scenario::seconds;

/// Calls that come at once, again and again, whether those before them are done or not, as
/// `50@2m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Bursts {
    /// How many of them.
    pub(crate) calls: usize,
    /// The time from one burst to the next, and from the start to the first: all that there is to
    /// save is saved by then.
    #[serde(rename = "every_s", serialize_with = "seconds")]
    pub(crate) every: Duration,
}

impl Bursts {
    /// When a call comes, by its number from 0 on.
    pub(crate) fn at(self, call: usize) -> Duration {
        let burst = u32::try_from(call / self.calls + 1).unwrap_or(u32::MAX);
        self.every.saturating_mul(burst)
    }
}

impl FromStr for Bursts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || "it is CALLS@TIME, such as 50@2m".to_owned();
        let (calls, every) = text.split_once('@').ok_or_else(malformed)?;
        let calls = calls.parse().map_err(|_| malformed())?;
        let every = humantime::parse_duration(every).map_err(|why| format!("`{every}`: {why}"))?;
        if calls == 0 || every.is_zero() {
            return Err("there is at least one call at a time, and time between bursts".to_owned());
        }
        Ok(Self { calls, every })
    }
}

impl fmt::Display for Bursts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let every = humantime::format_duration(self.every);
        write!(f, "{} at once every {every}", self.calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_come_by_the_burst() {
        let bursts: Bursts = "50@2m".parse().unwrap();
        let at = |call| bursts.at(call).as_secs();
        assert_eq!([at(0), at(49), at(50), at(399)], [120, 120, 240, 960]);
        assert_eq!(bursts.to_string(), "50 at once every 2m");
    }

    #[test]
    fn what_is_no_burst_is_told_why() {
        for (text, why) in [
            ("", "such as"),
            ("50", "such as"),
            ("x@2m", "such as"),
            ("50@2", "`2`"),
            ("0@2m", "at least one"),
            ("50@0s", "between"),
        ] {
            let error = text.parse::<Bursts>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
