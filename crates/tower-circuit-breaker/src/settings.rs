use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::classify::{Abandoned, Throttles};
use crate::outage::Outage;
use crate::transition::OnTransition;
use crate::window::RateRule;

/// The knobs of the layer, shared by its circuits.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) name: &'static str,
    pub(crate) rules: Rules,
    pub(crate) throttles: Throttles,
    pub(crate) abandoned: Abandoned,
    pub(crate) probes: NonZeroU32,
    pub(crate) probe_lease: Duration,
    pub(crate) open_base: Duration,
    pub(crate) open_cap: Duration,
    /// Zero: all calls are admitted once the circuit has closed.
    pub(crate) ramp: Duration,
    pub(crate) exhausted_for: Duration,
    /// `None`: as long as the longest open time.
    pub(crate) max_hint: Option<Duration>,
    pub(crate) max_exhausted_hint: Duration,
    pub(crate) seed: Option<u64>,
    pub(crate) max_idle_keys: usize,
    pub(crate) max_keys: usize,
    pub(crate) not_ready_while_open: bool,
    pub(crate) on_transition: Option<OnTransition>,
    pub(crate) taken: Taken,
}

/// The window of the limits that most servers' hints tell of.
const MINUTE: Duration = Duration::from_secs(60);

impl Settings {
    /// The longest time that the hint of one throttled call keeps a circuit open.
    pub(crate) fn max_hint(&self) -> Duration {
        self.max_hint.unwrap_or(self.open_cap.max(MINUTE))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "default",
            rules: Rules {
                outage: Some(Outage::new()),
                ..Rules::default()
            },
            throttles: Throttles::default(),
            abandoned: Abandoned::default(),
            probes: NonZeroU32::MIN,
            probe_lease: Duration::from_secs(10),
            open_base: Duration::from_secs(2),
            open_cap: Duration::from_secs(10),
            ramp: Duration::from_secs(10),
            exhausted_for: Duration::from_secs(60 * 60),
            max_hint: None,
            max_exhausted_hint: Duration::from_secs(24 * 60 * 60),
            seed: None,
            max_idle_keys: 1024,
            max_keys: 1 << 16,
            not_ready_while_open: false,
            on_transition: None,
            taken: Taken::default(),
        }
    }
}

/// Whether a handle, a clone or a service was taken from the layer. A copy starts anew.
#[derive(Debug, Default)]
pub(crate) struct Taken(AtomicBool);

impl Taken {
    pub(crate) fn set(&self) {
        // A knob owns the layer, so whatever handed it over has ordered this store before it.
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Clone for Taken {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What trips a closed circuit; any one rule is enough.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) consecutive: Option<NonZeroU32>,
    pub(crate) failures: Option<RateRule>,
    pub(crate) slow: Option<SlowRule>,
    pub(crate) outage: Option<Outage>,
    /// The first rule that is named takes the place of the default ones.
    named: bool,
}

impl Rules {
    /// Whether a rule asks when a call was made.
    pub(crate) fn ask_when_sent(&self) -> bool {
        self.slow.is_some() || self.outage.is_some()
    }

    /// The rules to add a named one to.
    pub(crate) fn named(&mut self) -> &mut Self {
        if !self.named {
            *self = Self {
                named: true,
                ..Self::default()
            };
        }
        self
    }
}

/// Which calls are slow, and the share of them that trips.
#[derive(Clone, Debug)]
pub(crate) struct SlowRule {
    pub(crate) threshold: Duration,
    pub(crate) rate: RateRule,
}
