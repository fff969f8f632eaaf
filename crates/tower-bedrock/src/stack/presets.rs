use super::{StackLayer, part::Part};
use crate::{
    policy::{CircuitPolicy, RetryPolicy},
    region::IntoRegion,
};
use std::{sync::Arc, time::Duration};

/// How long a person waits before the attention is gone, by J. Nielsen, "Response Times: The 3 Important
/// Limits" (1993).
const MAX_WAIT: Duration = Duration::from_secs(10);

/// Together with the wait a minute: nginx (`proxy_read_timeout`) and AWS's Application Load Balancer
/// (`idle_timeout.timeout_seconds`) hang up after that, unless told otherwise.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(50);

/// The shortest time that a circuit is open: a call that meets one can still be its probe.
const OPEN_CIRCUIT: Duration = Duration::from_secs(2);

/// As many as fit: the pauses between five throttles come to 7.5 to 15 seconds.
const ATTEMPTS: u32 = 5;

impl StackLayer {
    /// The stack for a web server, where somebody waits for the answer of each call.
    ///
    /// A call ends within a minute, and a stream begins. Each number can be set by its knob:
    ///
    /// | | [`new`](Self::new) | here | because |
    /// |---|---|---|---|
    /// | [`max_wait`](Self::max_wait) | no bound | 10 seconds | a person's attention is gone after that (Nielsen, 1993) |
    /// | [`attempt_timeout`](Self::attempt_timeout) | 6 minutes | 50 seconds | with the wait it makes a minute, after which nginx and AWS's load balancers hang up by default |
    /// | [longest answer](CircuitPolicy::longest_answer) | 6 minutes | 50 seconds | an attempt that took longer opens the circuit of a model that hangs |
    /// | [wait for open circuits](RetryPolicy::open_circuit) | 5 seconds | 2 seconds | as long as a circuit is open at least: there is one try |
    /// | attempts | 12 | 5 | the pauses between five throttles fill the 10 seconds |
    ///
    /// The rest is as in [`new`](Self::new). Answers that take longer than 50 seconds as a whole are better
    /// streamed: only a stream's first event is to come in that time.
    #[must_use]
    pub fn for_web_server(region: impl IntoRegion) -> Self {
        let mut stack = Self::new(region);
        let layers = stack.knobs();
        layers.max_wait = Some(MAX_WAIT);
        layers.attempt_timeout = ATTEMPT_TIMEOUT;
        let retries = RetryPolicy::new().open_circuit(OPEN_CIRCUIT);
        layers.backoff = Part::default(retries.layer_over_quota().max_attempts(ATTEMPTS));
        let circuits = CircuitPolicy::new(Arc::clone(layers.regions.first()));
        layers.breaker = Part::default(circuits.longest_answer(ATTEMPT_TIMEOUT).layer());
        stack
    }
}
