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
    leases: Vec<Lease>,
    successes: u32,
    next: NonZeroU32,
}

/// A place that a probe holds until it ends, and no longer than its lease.
#[derive(Debug)]
struct Lease {
    probe: NonZeroU32,
    ends: Instant,
}

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
        // A probe that hangs loses its place: otherwise the circuit would never close. If its
        // result comes later, it still counts.
        self.leases.retain(|lease| now < lease.ends);
        let needed = u64::from(settings.probes.get());
        if self.leases.len() as u64 + u64::from(self.successes) >= needed {
            let first = self.leases.iter().map(|lease| lease.ends).min();
            let rest = first.map_or(Duration::ZERO, |ends| ends - now);
            // A lease is long, but most probes end well before: ask again soon.
            return Err(rest.min(settings.open_base));
        }
        let probe = self.next;
        self.next = probe.checked_add(1).unwrap_or(NonZeroU32::MIN);
        self.leases.push(Lease {
            probe,
            ends: after(now, settings.probe_lease),
        });
        Ok(probe)
    }

    /// The probe has ended, whatever its result: its place is free.
    pub(crate) fn give_back(&mut self, probe: Option<NonZeroU32>) {
        self.leases.retain(|lease| Some(lease.probe) != probe);
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
