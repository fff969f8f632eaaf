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
        for taken in self.limits.iter().filter_map(|limit| limit.taken.as_ref()) {
            bends.extend([taken.from, taken.to].into_iter().filter(|at| *at < end));
        }
        bends.sort_by(f64::total_cmp);
        bends.dedup();
        bends
    }
}

impl Limit {
    fn seconds(&self) -> f64 {
        let owed = self.cost - self.burst;
        let alone = (owed / self.rate).max(0.0);
        let Some(taken) = &self.taken else {
            return alone;
        };
        if alone <= taken.from {
            return alone;
        }
        let left = self.rate - taken.rate;
        let during = taken.from + (owed - self.rate * taken.from) / left;
        if left > 0.0 && during <= taken.to {
            return during;
        }
        alone + taken.rate * (taken.to - taken.from) / self.rate
    }

    fn done(&self, after: f64) -> f64 {
        let taken = self.taken.as_ref().map_or(0.0, |taken| {
            taken.rate * (after.min(taken.to) - taken.from).max(0.0)
        });
        (self.burst + self.rate * after - taken) / self.cost
    }
}

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
    fn the_line_bends_where_a_neighbour_comes_and_goes() {
        let ideal = Ideal::new(&scenario(600, Some("0.5@120s-360s")), 400_000);
        assert_eq!(ideal.bends(), [0.0, 120.0, 360.0, 710.0]);
        for at in ideal.bends() {
            assert!(ideal.done(at) <= 1.0 + 1e-9);
        }
        assert_near(ideal.done(360.0), 250.0 / 600.0);
    }
}
