use std::time::Duration;

use super::{ended::Told, run::Run};
use crate::{
    report::round,
    scenario::{MINUTE, Meter, Scenario},
};

/// What the first Region let in until the last call was taken, in % of what its quota was by then.
///
/// Calls in the answer's last way home count as let in. Where minutes are counted it looks at whole
/// ones; there is no figure if there was none, or no quota.
pub(super) fn first_used(run: &Run, scenario: &Scenario) -> Option<f64> {
    let taken = run.ended.iter().map(|call| call.began).max()?;
    let until = match scenario.meter {
        Meter::Bucket => taken,
        Meter::Fixed | Meter::Sliding => MINUTE * u32::try_from(taken.as_secs() / 60).ok()?,
    };
    let let_in = run.ended.iter().filter_map(|call| {
        let told = call.told.filter(|told| told.region == 0)?;
        let way = scenario.network / 2;
        let admitted = call.at().saturating_sub(told.model + way);
        (admitted < until).then_some(told)
    });
    let let_in: Vec<Told> = let_in.collect();
    let quota = &scenario.quota;
    let tokens = let_in.iter().map(|told| told.charge(scenario.burndown));
    let burst = match scenario.meter {
        Meter::Bucket => scenario.burst,
        Meter::Fixed | Meter::Sliding => Duration::ZERO,
    };
    let minutes = (until + burst).as_secs_f64() / 60.0;
    let of = |limit: Option<u64>, used: u64| {
        let limit = limit? as f64 * minutes;
        (limit > 0.0).then(|| 100.0 * used as f64 / limit)
    };
    let used = [
        of(quota.rpm, let_in.len() as u64),
        of(quota.tpm, tokens.sum()),
    ];
    used.into_iter().flatten().max_by(f64::total_cmp).map(round)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{regions::ended::Ended, scenario::Name};

    /// A call a second in the first Region, each answered after 2.015 s of which 2 s were the model's.
    fn run(calls: u64, region: usize) -> Run {
        let ended = (0..calls).map(|second| Ended {
            began: Duration::from_secs(second),
            took: Duration::from_millis(2_015),
            conversation: None,
            told: Some(Told {
                region,
                model: Duration::from_secs(2),
                input: 100,
                ..Told::default()
            }),
        });
        Run::of(ended.collect(), Vec::new())
    }

    #[test]
    fn what_a_bucket_holds_and_what_flows_in_is_to_be_used() {
        let scenario = Scenario::named(Name::Regions);
        // 120 calls in 119 s, of 119 and the bucket's 10.
        let used = first_used(&run(121, 0), &scenario);
        assert_eq!(used, Some(round(100.0 * 120.0 / 130.0)));
        assert_eq!(first_used(&run(121, 1), &scenario), Some(0.0));
        let fixed = Scenario {
            meter: Meter::Fixed,
            ..scenario
        };
        assert_eq!(first_used(&run(130, 0), &fixed), Some(100.0));
        assert_eq!(first_used(&run(50, 0), &fixed), None);
    }

    #[test]
    fn the_tightest_quota_tells() {
        let mut scenario = Scenario::named(Name::Regions);
        scenario.quota.rpm = Some(6_000);
        scenario.quota.tpm = Some(12_000);
        let used = first_used(&run(121, 0), &scenario);
        assert_eq!(used, Some(round(100.0 * 12_000.0 / 26_000.0)));
    }
}
