use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use clap::{
    Parser, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
    value_parser,
};
use humantime::parse_duration;

use crate::{
    bursts::Bursts,
    fault::Fault,
    neighbour::Neighbour,
    regions::RegionFlags,
    scenario::{LONGEST_ANSWER, Meter, Name, Quota, Scenario, Span},
    strategy::Strategy,
};

/// Strategies against one simulated Bedrock quota, side by side, in virtual time.
#[derive(Debug, Parser)]
#[command(max_term_width = 100)]
pub(crate) struct Flags {
    /// What to begin with; the flags below change it.
    #[arg(long, value_enum, default_value = "requests", value_name = "NAME")]
    scenario: Name,
    /// Requests per minute. Any of the three quotas replaces all of the scenario's.
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    rpm: Option<u64>,
    /// Tokens per minute.
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    tpm: Option<u64>,
    /// Tokens per day.
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    tpd: Option<u64>,
    /// How much of a minute's quota the bucket holds, as the time in which it fills, such as 1.5s,
    /// 10s or 60s. A bucket of tokens holds the largest call at least.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    burst: Option<Duration>,
    /// Tokens of quota that an output token costs in the end, as models of Bedrock have it.
    #[arg(long, value_parser = PossibleValuesParser::new(["1", "5", "10", "15"]).map(number))]
    burndown: Option<u64>,
    /// How the simulator counts its minutes.
    #[arg(long, value_enum)]
    meter: Option<Meter>,
    /// Calls under way or waiting at one time.
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,
    /// In place of workers, calls that come by themselves: so many at once, and how often, such as
    /// 50@2m.
    #[arg(long, value_name = "CALLS@TIME", conflicts_with = "workers")]
    bursts: Option<Bursts>,
    /// Calls to make, all of them different. Without it a quota given by a flag gets ten minutes'
    /// worth of them, up to 10,000, and three for each worker at least.
    #[arg(long, value_name = "N")]
    calls: Option<NonZeroUsize>,
    /// What prompts, answers and delays are drawn from.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The round trip to the simulator and back, such as 30ms, a quarter more or less by chance.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    network: Option<Duration>,
    /// Another process that uses a fraction of the quota for a while, such as 0.5@120s-360s.
    #[arg(long, value_name = "FRACTION@FROM-TO")]
    neighbour: Option<Neighbour>,
    /// The longest answer that a call allows.
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=LONGEST_ANSWER as i64))]
    max_tokens: Option<u32>,
    /// In place of --max-tokens: how many times what it comes to a call reserves, on average.
    #[arg(long, value_name = "N", conflicts_with = "max_tokens")]
    #[arg(value_parser = value_parser!(u32).range(1..=100))]
    over: Option<u32>,
    /// How long the prompts are, such as 100-1000.
    #[arg(long, value_name = "MIN-MAX", value_parser = span)]
    input_tokens: Option<Span>,
    /// The model's time to the first token.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    first_token: Option<Duration>,
    /// The model's time for each further token.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    per_token: Option<Duration>,
    /// What goes wrong at the server, for which share of the calls, and when, such as
    /// unavailable:0.5 or hang:1@120s-420s. Kinds: unavailable, internal, not-ready, busy,
    /// overloaded, hang, slow.
    #[arg(long, value_name = "KIND:SHARE[@FROM-TO]")]
    fault: Option<Fault>,
    /// How long the server takes to answer with an error.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    fault_takes: Option<Duration>,
    /// For how long the workers go on, in place of a number of calls.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, conflicts_with = "plot")]
    lasts: Option<Duration>,
    /// How long each attempt may take, whichever strategy makes it.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    attempt_timeout: Option<Duration>,
    /// Only these strategies, in this order; the flag may be repeated.
    #[arg(long, value_enum, value_name = "NAME", value_delimiter = ',', num_args = 1..)]
    strategy: Vec<Strategy>,
    #[command(flatten)]
    pub(crate) regions: RegionFlags,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw the completed calls over time.
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,
}

impl Flags {
    /// The named scenario with the other flags' changes, or why it cannot be.
    pub(crate) fn scenario(&self) -> Result<Scenario, String> {
        self.changed(&Scenario::named(self.scenario))
    }

    /// Whether it is about several Regions.
    pub(crate) fn has_regions(&self) -> bool {
        self.scenario == Name::Regions
    }

    /// A scenario with the other flags' changes, or why it cannot be.
    pub(crate) fn changed(&self, named: &Scenario) -> Result<Scenario, String> {
        let quota = Quota {
            rpm: self.rpm,
            tpm: self.tpm,
            tpd: self.tpd,
        };
        let scenario = Scenario {
            name: named.name,
            quota: if quota == Quota::default() {
                named.quota
            } else {
                quota
            },
            burst: self.burst.unwrap_or(named.burst),
            meter: self.meter.unwrap_or(named.meter),
            burndown: self.burndown.unwrap_or(named.burndown),
            workers: self.workers.map_or(named.workers, NonZeroUsize::get),
            // Told to have workers, a scenario of bursts has them.
            bursts: self
                .bursts
                .or(named.bursts.filter(|_| self.workers.is_none())),
            calls: self.calls.map_or(named.calls, NonZeroUsize::get),
            seed: self.seed.unwrap_or(named.seed),
            network: self.network.unwrap_or(named.network),
            neighbour: self.neighbour.or(named.neighbour),
            input_tokens: self.input_tokens.unwrap_or(named.input_tokens),
            max_tokens: self.max_tokens.unwrap_or(named.max_tokens),
            over: self
                .over
                .or(named.over.filter(|_| self.max_tokens.is_none())),
            first_token: self.first_token.unwrap_or(named.first_token),
            per_token: self.per_token.unwrap_or(named.per_token),
            fault: self.fault.or(named.fault),
            fault_takes: self.fault_takes.unwrap_or(named.fault_takes),
            lasts: self.lasts.or(named.lasts),
            attempt_timeout: self.attempt_timeout.or(named.attempt_timeout),
        };
        let scenario = match self.calls {
            None if quota != Quota::default() => scenario.with_calls_of_ten_minutes(),
            _ => scenario,
        };
        scenario.check()?;
        Ok(scenario.with_room_for_the_largest_call())
    }

    /// Each strategy once, where the quota or where faults are in the way.
    pub(crate) fn strategies(&self, faults: bool) -> Vec<Strategy> {
        let mut strategies = Vec::new();
        for strategy in &self.strategy {
            if !strategies.contains(strategy) {
                strategies.push(*strategy);
            }
        }
        if strategies.is_empty() {
            // The stack's retries by themselves are there to tell what its circuits change.
            let all = Strategy::value_variants().iter().copied();
            strategies.extend(all.filter(|strategy| faults || *strategy != Strategy::Retries));
        }
        // The oracle knows quotas and no faults.
        strategies.retain(|strategy| !faults || *strategy != Strategy::Oracle);
        strategies
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what clap calls")]
fn number(text: String) -> u64 {
    text.parse().expect("one of the numbers above")
}

fn span(text: &str) -> Result<Span, String> {
    let (min, max) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.parse::<u64>().ok();
    match (number(min), number(max)) {
        // A prompt begins with the sender's name and number, and the simulator takes 25 MB.
        (Some(min @ 10..), Some(max @ ..=1_000_000)) if min <= max => Ok(Span { min, max }),
        (Some(_), Some(_)) => Err("prompts have 10 to 1000000 tokens".to_owned()),
        _ => Err("it is MIN-MAX, such as 100-1000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn scenario(flags: &str) -> Result<Scenario, String> {
        let words = ["throttle_lab"].into_iter().chain(flags.split_whitespace());
        Flags::try_parse_from(words)
            .map_err(|error| error.to_string())?
            .scenario()
    }

    #[test]
    fn the_flags_are_consistent() {
        Flags::command().debug_assert();
    }

    #[test]
    fn no_flags_are_the_headline() {
        let scenario = scenario("").unwrap();
        assert_eq!(scenario.name, Name::Requests);
        assert_eq!(scenario.quota.rpm, Some(60));
        assert_eq!((scenario.workers, scenario.calls), (50, 600));
    }

    #[test]
    fn a_quota_of_ones_own_gets_ten_minutes_of_calls() {
        let calls = |line: &str| scenario(line).unwrap().calls;
        assert_eq!(calls("--rpm 120"), 1_200);
        assert_eq!(calls("--rpm 6000"), 10_000);
        assert_eq!(calls("--rpm 10 --workers 300"), 900);
        assert_eq!(calls("--rpm 120 --calls 70"), 70);
        let tokens = calls("--tpm 200000");
        assert!((3_500..4_500).contains(&tokens), "{tokens}");
        assert_eq!(calls("--workers 300"), 600);
    }

    #[test]
    fn flags_change_the_named_scenario() {
        let scenario =
            scenario("--scenario burndown --burst 30s --meter fixed --seed 7 --network 0s")
                .unwrap();
        assert_eq!(scenario.quota.tpm, Some(200_000));
        assert_eq!(scenario.burndown, 5);
        assert_eq!(scenario.burst, Duration::from_secs(30));
        assert_eq!(scenario.meter, Meter::Fixed);
        assert_eq!(scenario.seed, 7);
        assert_eq!(scenario.network, Duration::ZERO);
    }

    #[test]
    fn buckets_hold_seconds_and_the_largest_call() {
        let burst = |line: &str| scenario(line).unwrap().burst;
        assert_eq!(burst("--burst 1.5s"), Duration::from_millis(1_500));
        assert_eq!(burst("--scenario over5 --burst 60s").as_secs(), 60);
        let least = burst("--scenario agents --burst 1.5s");
        assert!((9.9..10.0).contains(&least.as_secs_f64()), "{least:?}");
    }

    #[test]
    fn a_flag_takes_the_place_of_its_opposite() {
        let bursts = scenario("--scenario bursts").unwrap().bursts;
        assert_eq!(bursts, Some("50@2m".parse().unwrap()));
        assert_eq!(
            scenario("--scenario bursts --workers 5").unwrap().bursts,
            None
        );
        assert!(scenario("--bursts 7@30s").unwrap().bursts.is_some());
        let over = |line: &str| scenario(line).unwrap().over;
        assert_eq!(over("--scenario over5"), Some(5));
        assert_eq!(over("--scenario over5 --over 2"), Some(2));
        assert_eq!(over("--scenario over5 --max-tokens 256"), None);
    }

    #[test]
    fn a_quota_replaces_those_of_the_scenario() {
        let quota = scenario("--tpm 100000 --tpd 1000000").unwrap().quota;
        let wanted = Quota {
            rpm: None,
            tpm: Some(100_000),
            tpd: Some(1_000_000),
        };
        assert_eq!(quota, wanted);
    }

    #[test]
    fn strategies_are_repeated_or_listed_and_run_once() {
        let words = "throttle_lab --strategy backoff,none --strategy none stack --strategy stack";
        let flags = Flags::try_parse_from(words.split_whitespace()).unwrap();
        let wanted = [Strategy::Backoff, Strategy::None, Strategy::Stack];
        assert_eq!(flags.strategies(false), wanted);
    }

    #[test]
    fn bad_input_is_named() {
        for (flags, why) in [
            ("--rpm 0", "--rpm"),
            ("--tpm many", "--tpm"),
            ("--burst 10", "--burst"),
            ("--burndown 3", "1, 5, 10, 15"),
            ("--meter leaky", "bucket, fixed, sliding"),
            ("--workers 0", "--workers"),
            ("--neighbour 2@0s-1s", "at most 1"),
            ("--strategy hope", "sdk-standard"),
            ("--scenario x", "requests"),
            ("--input-tokens 1000-100", "10 to 1000000"),
            ("--input-tokens few", "100-1000"),
            ("--max-tokens 65000", "--max-tokens"),
            ("--over 5 --max-tokens 256", "--over"),
            ("--over 100", "64000"),
            ("--bursts 50", "50@2m"),
            ("--bursts 50@2m --workers 3", "--workers"),
            ("--tpm 1000 --meter fixed", "1260"),
        ] {
            let error = scenario(flags).unwrap_err();
            assert!(error.contains(why), "{flags}: {error}");
        }
    }
}
