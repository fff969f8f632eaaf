use std::fmt;

use super::{Meter, Scenario};

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quotas = [
            (self.quota.rpm, "requests/min"),
            (self.quota.tpm, "tokens/min"),
            (self.quota.tpd, "tokens/day"),
        ];
        let quotas = quotas
            .iter()
            .filter_map(|(limit, unit)| limit.map(|limit| format!("{} {unit}", Grouped(limit))));
        write!(f, "{}", quotas.collect::<Vec<_>>().join(", "))?;
        match self.meter {
            Meter::Bucket => write!(
                f,
                " in a bucket of {}",
                humantime::format_duration(self.burst)
            )?,
            Meter::Fixed => write!(f, " in fixed minutes")?,
            Meter::Sliding => write!(f, " in sliding minutes")?,
        }
        if self.burndown > 1 {
            write!(f, ", burndown {}", self.burndown)?;
        }
        let (calls, workers) = (Grouped(self.calls as u64), Grouped(self.workers as u64));
        match (&self.bursts, self.lasts) {
            (_, Some(lasts)) => {
                let lasts = humantime::format_duration(lasts);
                write!(f, "; {workers} workers for {lasts}")?;
            }
            (Some(bursts), None) => write!(f, "; {calls} calls, {bursts}")?,
            (None, None) => write!(f, "; {calls} calls by {workers} workers")?,
        }
        match self.over {
            Some(over) => write!(f, " that reserve {over} times what they come to")?,
            None if self.max_tokens > 1_000 => {
                let most = Grouped(self.max_tokens.into());
                write!(f, " with max_tokens {most}")?;
            }
            None => {}
        }
        if let Some(neighbour) = &self.neighbour {
            write!(f, "; a neighbour takes {neighbour}")?;
        }
        if let Some(fault) = &self.fault {
            write!(f, "; {fault}")?;
            if !self.fault_takes.is_zero() {
                write!(
                    f,
                    ", after {}",
                    humantime::format_duration(self.fault_takes)
                )?;
            }
        }
        if let Some(limit) = self.attempt_timeout {
            let limit = humantime::format_duration(limit);
            write!(f, "; attempts end after {limit}")?;
        }
        Ok(())
    }
}

/// A number with commas: 200,000.
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (at, digit) in digits.char_indices() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Name, Scenario};

    #[test]
    fn a_scenario_reads_as_one_line() {
        let line = Scenario::named(Name::Burndown).to_string();
        let wanted = "200,000 tokens/min in a bucket of 10s, burndown 5; 2,000 calls by 50 workers";
        assert_eq!(line, wanted);
    }
}
