use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

use super::{part::Part, way::Way};
use crate::{
    flags::Flags,
    scenario::{Quota, Scenario},
};

/// The names of the simulated Regions, in the user's order.
const NAMES: [&str; 4] = ["us-east-1", "us-west-2", "us-east-2", "us-west-1"];

/// Everything that a table depends on but the rows' ways.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Plan {
    pub(super) part: Part,
    /// Of one Region.
    #[serde(flatten)]
    pub(super) scenario: Scenario,
    /// How many times the scenario's quota each Region has.
    #[serde(rename = "regions")]
    pub(super) shares: Vec<u64>,
    pub(super) told: bool,
}

/// One Region: its quota, and what goes wrong there.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) region: &'static str,
    pub(super) scenario: Scenario,
}

impl Plan {
    pub(super) fn new(part: Part, flags: &Flags) -> Result<Self, String> {
        let shares = flags.regions.shares.clone();
        if !(1..=NAMES.len()).contains(&shares.len()) {
            return Err(format!("--regions takes 1 to {} of them", NAMES.len()));
        }
        Ok(Self {
            part,
            scenario: flags.changed(&part.scenario())?,
            shares,
            told: !flags.regions.untold,
        })
    }

    /// The Regions that a way has: each by itself, or one with the sum of their quotas, where nothing
    /// goes wrong.
    pub(super) fn places(&self, way: Way) -> Vec<Place> {
        if way == Way::Large {
            let mut scenario = self.of(self.shares.iter().sum());
            scenario.fault = None;
            let region = NAMES[0];
            return vec![Place { region, scenario }];
        }
        let places = NAMES.iter().zip(&self.shares).enumerate();
        places
            .map(|(index, (&region, &share))| {
                let mut scenario = self.of(share);
                scenario.fault = scenario.fault.filter(|_| index == 0);
                Place { region, scenario }
            })
            .collect()
    }

    /// A Region with so many times the quota.
    fn of(&self, share: u64) -> Scenario {
        let Quota { rpm, tpm, tpd } = self.scenario.quota;
        let times = |limit: Option<u64>| limit.map(|limit| limit * share);
        Scenario {
            quota: Quota {
                rpm: times(rpm),
                tpm: times(tpm),
                tpd: times(tpd),
            },
            ..self.scenario.clone()
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = self.part.to_possible_value();
        let part = part.as_ref().map_or("", |part| part.get_name());
        let shares: Vec<_> = self.shares.iter().map(ToString::to_string).collect();
        let shares = shares.join(" and ");
        let workers = format!(" by {} workers", self.scenario.workers);
        let callers = match self.part {
            Part::Calm => " that come by themselves".to_owned(),
            Part::Chat => format!(" in {} conversations", self.scenario.workers),
            Part::Requests | Part::Tokens | Part::Down => workers.clone(),
        };
        let scenario = self.scenario.to_string().replace(&workers, &callers);
        write!(f, "{part}: {shares} times {scenario}")?;
        if !self.told {
            write!(f, "; untold")?;
        }
        write!(f, "; seed {}", self.scenario.seed)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn plan(part: Part, flags: &str) -> Result<Plan, String> {
        let words = ["throttle_lab", "--scenario", "regions"];
        let words = words.into_iter().chain(flags.split_whitespace());
        Plan::new(part, &Flags::try_parse_from(words).unwrap())
    }

    #[test]
    fn each_region_has_its_share_and_the_large_one_the_sum() {
        let plan = plan(Part::Requests, "--regions 1,10,2 --rpm 20 --calls 7").unwrap();
        let quotas = |way| {
            let places = plan.places(way).into_iter();
            places.map(|place| (place.region, place.scenario.quota.rpm.unwrap()))
        };
        let wanted = [("us-east-1", 20), ("us-west-2", 200), ("us-east-2", 40)];
        assert!(quotas(Way::RoundRobin).eq(wanted));
        assert!(quotas(Way::Large).eq([("us-east-1", 260)]));
        assert_eq!(plan.scenario.calls, 7);
    }

    #[test]
    fn the_first_region_alone_fails() {
        let plan = plan(Part::Down, "").unwrap();
        let fails = |way| {
            let places = plan.places(way).into_iter();
            places.map(|place| place.scenario.fault.is_some())
        };
        assert!(fails(Way::Failover).eq([true, false]));
        assert!(fails(Way::Large).eq([false]));
    }

    #[test]
    fn five_regions_are_too_many() {
        let why = plan(Part::Calm, "--regions 1,1,1,1,1").unwrap_err();
        assert!(why.contains("1 to 4"), "{why}");
    }

    #[test]
    fn a_plan_reads_as_one_line() {
        let plan = plan(Part::Requests, "--regions 1,10 --untold --seed 3").unwrap();
        let wanted = "requests: 1 and 10 times 60 requests/min in a bucket of 10s; \
                      600 calls by 50 workers; untold; seed 3";
        assert_eq!(plan.to_string(), wanted);
    }

    #[test]
    fn a_plan_says_who_calls() {
        let told = |part| plan(part, "").unwrap().to_string();
        assert!(told(Part::Calm).contains("; 300 calls that come by themselves; seed 1"));
        assert!(told(Part::Chat).contains("; 800 calls in 40 conversations; seed 1"));
        assert!(told(Part::Down).contains("; 50 workers for 12m; "));
    }
}
