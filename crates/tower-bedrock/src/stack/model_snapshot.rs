use crate::monitor;
use std::{collections::BTreeMap, fmt, sync::Arc};
use tower_circuit_breaker::State;

/// The rows of a stack's snapshot while it is made.
pub(super) type Rows = BTreeMap<Arc<str>, ModelSnapshot>;

/// What the layers of a stack know of one key: the calls of a model, or of an operation that draws no
/// tokens.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ModelSnapshot {
    /// `"region/model"`; `"region"` for what all models have together.
    pub key: Arc<str>,
    /// What is used of each limit, who waits and who is under way; `None` without a quota layer, or if it
    /// has forgotten the key.
    pub quota: Option<tower_quota::Snapshot>,
    /// Whether calls pass, and if not why and how long; `None` without a circuit breaker, or if it has
    /// forgotten the key.
    pub circuit: Option<tower_circuit_breaker::Snapshot>,
    /// How many attempts there were and what they used; `None` without a quota layer, which counts them,
    /// and for a key whose calls draw no tokens.
    pub tokens: Option<monitor::Snapshot>,
}

impl ModelSnapshot {
    pub(super) const fn new(key: Arc<str>) -> Self {
        Self {
            key,
            quota: None,
            circuit: None,
            tokens: None,
        }
    }
}

impl fmt::Display for ModelSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if let Some(quota) = &self.quota {
            f.write_str("\n  quota    ")?;
            show_quota(f, quota)?;
        }
        if let Some(circuit) = &self.circuit {
            f.write_str("\n  circuit  ")?;
            show_circuit(f, circuit)?;
        }
        if let Some(tokens) = &self.tokens {
            let usage = &tokens.usage;
            write!(
                f,
                "\n  tokens   {} attempts, {} tokens in, {} tokens out",
                tokens.calls,
                usage.prompt_tokens(),
                usage.output_tokens
            )?;
        }
        Ok(())
    }
}

fn show_quota(f: &mut fmt::Formatter<'_>, quota: &tower_quota::Snapshot) -> fmt::Result {
    for (index, used) in quota.limits.iter().enumerate() {
        let limit = &used.limit;
        let mark = if index == 0 { "" } else { ", " };
        write!(f, "{mark}{} of ", used.used)?;
        match used.amount {
            Some(amount) => write!(f, "{amount}")?,
            None => f.write_str("unknown")?,
        }
        write!(f, " {} in {}s", limit.unit(), limit.period().as_secs())?;
    }
    write!(
        f,
        "; {} calls under way, {} wait, {} throttled",
        quota.pending_calls, quota.queued, quota.throttled
    )
}

fn show_circuit(
    f: &mut fmt::Formatter<'_>,
    circuit: &tower_circuit_breaker::Snapshot,
) -> fmt::Result {
    write!(f, "{}", circuit.state)?;
    if circuit.state == State::Closed {
        return Ok(());
    }
    if let Some(why) = circuit.opened_by {
        write!(f, ": {why}")?;
    }
    match circuit.until_half_open {
        Some(wait) => write!(f, "; asks again in {}s", wait.as_secs_f64().ceil()),
        None => Ok(()),
    }
}
