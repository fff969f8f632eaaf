use crate::scenario::{DAY, Scenario};

/// What no strategy can beat: the quotas as fluids that flow from the first moment on.
pub(crate) struct Ideal {
    limits: Vec<Limit>,
}

/// One quota, in its own unit.
struct Limit {
    /// Of all calls together.
    cost: f64,
    /// What there is at the start.
    burst: f64,
    /// What comes in a second.
    rate: f64,
    taken: Option<Taken>,
    /// When calls come, and what part of all: all at the start, or by bursts.
    arrivals: Vec<(f64, f64)>,
}

/// What a neighbour takes from a limit.
struct Taken {
    rate: f64,
    from: f64,
    to: f64,
}

impl Ideal {
    /// For calls that are charged `charge` tokens in the end, all together.
    pub(crate) fn new(scenario: &Scenario, charge: u64) -> Self {
        let (calls, charge) = (scenario.calls as f64, charge as f64);
        let mean = charge / calls;
        let calls_per_second = scenario.quota.calls_per_second(mean);
        let minute = |cost, limit: u64, least: f64| {
            let rate = limit as f64 / 60.0;
            (cost, (rate * scenario.burst.as_secs_f64()).max(least), rate)
        };
        let arrivals = arrivals(scenario);
        let quota = &scenario.quota;
        let limits = [
            quota.rpm.map(|rpm| minute(calls, rpm, 1.0)),
            quota.tpm.map(|tpm| minute(charge, tpm, 0.0)),
            // A day's quota is there as a whole when the day begins.
            quota.tpd.map(|tpd| (charge, tpd as f64, tpd as f64 / DAY)),
        ];
        let limits = limits
            .into_iter()
            .flatten()
            .map(|(cost, burst, rate)| Limit {
                cost,
                burst,
                rate,
                taken: scenario.neighbour.map(|neighbour| Taken {
                    rate: neighbour.fraction * calls_per_second * cost / calls,
                    from: neighbour.from.as_secs_f64(),
                    to: neighbour.to.as_secs_f64(),
                }),
                arrivals: arrivals.clone(),
            });
        Self {
            limits: limits.collect(),
        }
    }

    /// Seconds until all of it could be done.
    pub(crate) fn seconds(&self) -> f64 {
        self.limits.iter().map(Limit::seconds).fold(0.0, f64::max)
    }

    /// How much of it could be done after so many seconds, up to 1.
    pub(crate) fn done(&self, after: f64) -> f64 {
        let done = self.limits.iter().map(|limit| limit.done(after));
        done.fold(1.0, f64::min)
    }

    /// The seconds at which the pace may change, from the start to the end.
    pub(crate) fn bends(&self) -> Vec<f64> {
        let end = self.seconds();
        let mut bends = vec![0.0, end];
        for limit in &self.limits {
            let taken = limit.taken.iter().flat_map(|taken| [taken.from, taken.to]);
            let bursts = limit.backlogs().filter(|(at, _)| *at > 0.0);
            let bursts = bursts.flat_map(|(at, owed)| [at - INSTANT, at, limit.paid(at, owed)]);
            bends.extend(taken.chain(bursts).filter(|at| *at < end));
        }
        bends.sort_by(f64::total_cmp);
        bends.dedup();
        bends
    }
}

impl Limit {
    fn seconds(&self) -> f64 {
        let last = self.backlogs().last();
        last.map_or(0.0, |(at, owed)| self.paid(at, owed))
    }

    /// When calls come, and what is owed then; below 0 that much may still go at once.
    fn backlogs(&self) -> impl Iterator<Item = (f64, f64)> {
        let (mut since, mut owed) = (0.0, -self.burst);
        self.arrivals.iter().map(move |&(at, part)| {
            owed = (owed - self.flow(since, at)).max(-self.burst) + part * self.cost;
            since = at;
            (at, owed)
        })
    }

    /// What comes in between two times.
    fn flow(&self, from: f64, to: f64) -> f64 {
        let taken = self.taken.as_ref().map_or(0.0, |taken| {
            taken.rate * (to.min(taken.to) - from.max(taken.from)).max(0.0)
        });
        self.rate * (to - from) - taken
    }

    /// When what is owed at `from` has come in.
    fn paid(&self, from: f64, owed: f64) -> f64 {
        if owed <= 0.0 {
            return from;
        }
        let alone = from + owed / self.rate;
        let Some(taken) = self.taken.as_ref().filter(|taken| from < taken.to) else {
            return alone;
        };
        if alone <= taken.from {
            return alone;
        }
        let begins = taken.from.max(from);
        let left = self.rate - taken.rate;
        let during = begins + (owed - self.rate * (begins - from)) / left;
        if left > 0.0 && during <= taken.to {
            return during;
        }
        alone + taken.rate * (taken.to - begins) / self.rate
    }

    fn done(&self, after: f64) -> f64 {
        let came: f64 = self
            .arrivals
            .iter()
            .filter(|(at, _)| *at <= after)
            .map(|(_, part)| part)
            .sum();
        let last = self.backlogs().take_while(|(at, _)| *at <= after).last();
        let owed = last.map_or(0.0, |(at, owed)| owed - self.flow(at, after));
        came - owed.max(0.0) / self.cost
    }
}

/// When calls come, and what part of all.
fn arrivals(scenario: &Scenario) -> Vec<(f64, f64)> {
    let Some(bursts) = scenario.bursts else {
        return vec![(0.0, 1.0)];
    };
    let calls = scenario.calls;
    let firsts = (0..calls).step_by(bursts.calls);
    firsts
        .map(|first| {
            let number = bursts.calls.min(calls - first);
            (bursts.at(first).as_secs_f64(), number as f64 / calls as f64)
        })
        .collect()
}

/// Shorter than anything that happens, in seconds.
const INSTANT: f64 = 1e-6;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scenario::{Meter, Name, Quota};

    /// 60 requests a minute with a burst of 10 s.
    fn scenario(calls: usize, neighbour: Option<&str>) -> Scenario {
        Scenario {
            calls,
            neighbour: neighbour.map(|text| text.parse().unwrap()),
            ..Scenario::named(Name::Requests)
        }
    }

    fn assert_near(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-6, "{left} is not {right}");
    }

    #[test]
    fn all_calls_but_the_burst_come_at_the_rate() {
        let ideal = Ideal::new(&scenario(600, None), 400_000);
        assert_near(ideal.seconds(), 590.0);
        assert_near(ideal.done(0.0), 10.0 / 600.0);
        assert_near(ideal.done(295.0), 305.0 / 600.0);
        assert_near(ideal.done(1e6), 1.0);
        assert_near(Ideal::new(&scenario(7, None), 5_000).seconds(), 0.0);
    }

    #[test]
    fn the_tightest_quota_counts() {
        let mut scenario = scenario(600, None);
        scenario.quota.tpm = Some(30_000);
        assert_near(Ideal::new(&scenario, 400_000).seconds(), 790.0);
        scenario.quota.tpm = Some(300_000);
        assert_near(Ideal::new(&scenario, 400_000).seconds(), 590.0);
        scenario.quota.tpd = Some(200_000);
        assert_near(Ideal::new(&scenario, 400_000).seconds(), DAY);
    }

    #[test]
    fn the_meter_changes_nothing() {
        let mut scenario = scenario(600, None);
        scenario.meter = Meter::Sliding;
        assert_near(Ideal::new(&scenario, 400_000).seconds(), 590.0);
    }

    #[test]
    fn a_bucket_of_requests_holds_at_least_one() {
        let mut scenario = scenario(10, None);
        scenario.burst = Duration::ZERO;
        assert_near(Ideal::new(&scenario, 5_000).seconds(), 9.0);
    }

    #[test]
    fn what_a_neighbour_takes_is_missing() {
        let seconds = |calls, text| Ideal::new(&scenario(calls, Some(text)), 400_000).seconds();
        // It comes too late, it is there at the end, it has gone again.
        assert_near(seconds(100, "0.5@120s-360s"), 90.0);
        assert_near(seconds(190, "0.5@120s-360s"), 240.0);
        assert_near(seconds(600, "0.5@120s-360s"), 710.0);
        assert_near(seconds(600, "1@0s-60s"), 650.0);
    }

    #[test]
    fn a_neighbour_takes_of_every_quota_what_its_calls_cost() {
        let mut scenario = scenario(600, Some("0.5@0s-1h"));
        scenario.quota = Quota {
            rpm: Some(60),
            tpm: Some(120_000),
            tpd: None,
        };
        // Half of 60 requests a minute is a quarter of the tokens.
        let ideal = Ideal::new(&scenario, 600_000);
        assert_near(ideal.seconds(), 1_180.0);
        let tokens = &ideal.limits[1];
        assert_near(tokens.seconds(), 580_000.0 / 1_500.0);
    }

    #[test]
    fn bursts_wait_for_what_was_not_saved() {
        let mut scenario = scenario(100, None);
        scenario.bursts = Some("50@2m".parse().unwrap());
        // Ten at once, and forty at one a second.
        let ideal = Ideal::new(&scenario, 65_000);
        assert_near(ideal.seconds(), 280.0);
        assert_near(ideal.done(119.0), 0.0);
        assert_near(ideal.done(120.0), 0.1);
        assert_near(ideal.done(130.0), 0.2);
        assert_near(ideal.done(239.0), 0.5);
        assert_near(ideal.done(240.0), 0.6);
        let bends = [
            0.0,
            120.0 - INSTANT,
            120.0,
            160.0,
            240.0 - INSTANT,
            240.0,
            280.0,
        ];
        assert_eq!(ideal.bends(), bends);
        scenario.burst = Duration::from_secs(60);
        assert_near(Ideal::new(&scenario, 65_000).seconds(), 240.0);
        scenario.neighbour = Some("0.5@200s-300s".parse().unwrap());
        scenario.burst = Duration::from_secs(10);
        assert_near(Ideal::new(&scenario, 65_000).seconds(), 310.0);
    }

    #[test]
    fn the_line_bends_where_a_neighbour_comes_and_goes() {
        let ideal = Ideal::new(&scenario(600, Some("0.5@120s-360s")), 400_000);
        assert_eq!(ideal.bends(), [0.0, 120.0, 360.0, 710.0]);
        for at in ideal.bends() {
            assert!(ideal.done(at) <= 1.0 + 1e-9);
        }
        assert_near(ideal.done(360.0), 250.0 / 600.0);
    }
}
