use std::fmt::{Display, Write};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::limit::{Limit, Unit};
use crate::schedule::Scheduler;

static RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The greatest integer of a structured field (RFC 9651, section 3.3.1).
const GREATEST: u64 = 999_999_999_999_999;
const SECOND: u64 = 1_000_000_000;

/// The limits on calls of one key, as the fields `RateLimit-Policy` and `RateLimit` tell them:
/// draft-ietf-httpapi-ratelimit-headers-11.
///
/// The draft knows no unit for tokens, and an amount that nobody told is not told on.
#[derive(Debug, Default)]
pub(super) struct Fields {
    policies: Vec<Policy>,
}

#[derive(Debug)]
struct Policy {
    name: String,
    quota: u64,
    /// In seconds, if it is a whole number of them.
    window: Option<u64>,
    remaining: u64,
    /// In seconds, rounded up; `None` if all is left.
    more_in: Option<u64>,
}

impl Fields {
    pub(super) fn of<W>(scheduler: &mut Scheduler<W>, now: u64) -> Self {
        let queued = scheduler.queue.len() as u64;
        let meters = scheduler.account.meters(now).iter();
        let told = meters.filter(|meter| meter.is_told() && meter.limit().unit() == Unit::Calls);
        let policies = told.map(|meter| {
            let (left, more_at) = meter.left();
            let period = meter.limit().period();
            Policy {
                name: name(meter.limit()),
                quota: meter.amount(),
                window: (period.subsec_nanos() == 0).then_some(period.as_secs()),
                remaining: left.saturating_sub(queued),
                more_in: more_at.map(|at| at.saturating_sub(now).div_ceil(SECOND)),
            }
        });
        let mut policies: Vec<_> = policies.collect();
        tell_apart(&mut policies);
        Self { policies }
    }

    pub(super) fn insert_into(&self, headers: &mut HeaderMap) {
        if self.policies.is_empty() {
            return;
        }
        let (mut policy, mut limit) = (String::new(), String::new());
        for (nth, told) in self.policies.iter().enumerate() {
            if nth > 0 {
                policy.push_str(", ");
                limit.push_str(", ");
            }
            policy.push_str(&told.policy());
            limit.push_str(&told.limit());
        }
        for (name, value) in [(&POLICY, policy), (&RATE_LIMIT, limit)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                // Beside what the inner service says of limits of its own.
                headers.append(name, value);
            }
        }
    }

    /// The names of the policies of which nothing is left.
    pub(super) fn violated(&self) -> impl Iterator<Item = &str> {
        let violated = self.policies.iter().filter(|policy| policy.remaining == 0);
        violated.map(|policy| policy.name.as_str())
    }
}

impl Policy {
    fn policy(&self) -> String {
        let mut item = format!("\"{}\"", self.name);
        parameter(&mut item, "q", self.quota.min(GREATEST));
        if let Some(window) = self.window {
            parameter(&mut item, "w", window.min(GREATEST));
        }
        item
    }

    fn limit(&self) -> String {
        let mut item = format!("\"{}\"", self.name);
        parameter(&mut item, "r", self.remaining.min(GREATEST));
        if let Some(more_in) = self.more_in {
            parameter(&mut item, "t", more_in.clamp(1, GREATEST));
        }
        item
    }
}

fn parameter(item: &mut String, name: &str, value: impl Display) {
    // A string takes whatever is written.
    let _ = write!(item, ";{name}={value}");
}

/// The second policy of a name is called `calls-per-minute-2`: a limit speaks of its policy by the name alone.
fn tell_apart(policies: &mut [Policy]) {
    for nth in (1..policies.len()).rev() {
        let name = &policies[nth].name;
        let before = policies[..nth].iter().filter(|policy| policy.name == *name);
        let before = before.count();
        if before > 0 {
            policies[nth].name = format!("{name}-{}", before + 1);
        }
    }
}

/// What a policy is called, such as `calls-per-minute`; by the largest unit that its period is a whole number of.
fn name(limit: &Limit) -> String {
    match limit.period() {
        period if period == Duration::from_secs(1) => "calls-per-second".to_owned(),
        period if period == Duration::from_secs(60) => "calls-per-minute".to_owned(),
        period if period == Duration::from_secs(3_600) => "calls-per-hour".to_owned(),
        period if period == Duration::from_secs(86_400) => "calls-per-day".to_owned(),
        period if period.subsec_nanos() == 0 => format!("calls-per-{}s", period.as_secs()),
        period => {
            let nanos = period.as_nanos();
            let units = [(1_000_000, "ms"), (1_000, "us"), (1, "ns")];
            let whole = units.into_iter().find(|(unit, _)| nanos % unit == 0);
            let (unit, symbol) = whole.unwrap_or((1, "ns"));
            format!("calls-per-{}{symbol}", nanos / unit)
        }
    }
}
