use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

use super::open_time::after;
use crate::settings::Settings;

/// The probes of a half-open circuit: who holds a place, and how many have succeeded.
///
/// Places held and successes together never exceed the probes that are needed, so a service that
/// may still be unwell gets no more calls than it takes to find out.
#[derive(Debug)]
pub(crate) struct HalfOpen {
    /// Oldest first.
    leases: Vec<Lease>,
    successes: u32,
    next: NonZeroU32,
}

/// A place that a probe holds until it ends; once its lease is over, another probe may take it.
#[derive(Debug)]
struct Lease {
    probe: NonZeroU32,
    ends: Instant,
}

/// Most probes end well before their leases do, so whoever is rejected meanwhile asks again soon.
const AGAIN: Duration = Duration::from_secs(1);

impl HalfOpen {
    pub(crate) fn new() -> Self {
        Self {
            leases: Vec::new(),
            successes: 0,
            next: NonZeroU32::MIN,
        }
    }

    /// Gives a place to a new probe and returns its number, or says how long to wait.
    pub(crate) fn admit(
        &mut self,
        settings: &Settings,
        now: Instant,
    ) -> Result<NonZeroU32, Duration> {
        if self.places(settings) == 0 {
            let wait = self.full_for(settings, now);
            if wait > Duration::ZERO {
                return Err(wait);
            }
            // A probe that hangs loses its place: otherwise the circuit would never close.
            self.leases.remove(0);
        }
        let probe = self.next;
        self.next = probe.checked_add(1).unwrap_or(NonZeroU32::MIN);
        self.leases.push(Lease {
            probe,
            ends: after(now, settings.probe_lease),
        });
        Ok(probe)
    }

    /// The places that nobody holds; one whose lease has ended is held until the next probe.
    pub(crate) fn places(&self, settings: &Settings) -> u64 {
        let taken = self.leases.len() as u64 + u64::from(self.successes);
        u64::from(settings.probes.get()).saturating_sub(taken)
    }

    /// How long another probe would have to wait before it asks again.
    pub(crate) fn full_for(&self, settings: &Settings, now: Instant) -> Duration {
        if self.places(settings) > 0 {
            return Duration::ZERO;
        }
        let oldest = self.leases.first().map_or(now, |lease| lease.ends);
        let rest = oldest.saturating_duration_since(now);
        rest.min(AGAIN).min(settings.open_base)
    }

    /// Whether the probe holds its place still.
    pub(crate) fn holds(&self, probe: Option<NonZeroU32>) -> bool {
        self.leases.iter().any(|lease| Some(lease.probe) == probe)
    }

    /// The probe has ended, whatever its result: its place is free. Says whether it still held it:
    /// the failure of one that has lost its place is old news, while a success is good at any time.
    pub(crate) fn give_back(&mut self, probe: Option<NonZeroU32>) -> bool {
        let held = self.holds(probe);
        self.leases.retain(|lease| Some(lease.probe) != probe);
        held
    }

    /// Counts a success, and says whether there are as many as it takes to close.
    pub(crate) fn succeed(&mut self, settings: &Settings) -> bool {
        self.successes += 1;
        self.successes >= settings.probes.get()
    }

    /// The probes under way whose lease has not ended.
    pub(crate) fn probes(&self, now: Instant) -> usize {
        self.leases.iter().filter(|lease| now < lease.ends).count()
    }
}
