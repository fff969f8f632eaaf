//! Every log line. Called outside locks.

#[cfg(feature = "tracing")]
use crate::error::{Error, ErrorKind};
use crate::response::End;

/// A stream has ended, well or not.
#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
pub(super) fn ended(operation: &'static str, end: &End) {
    #[cfg(feature = "tracing")]
    {
        let outcome = end.result.as_ref().map_err(Error::kind);
        let millis =
            |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(
            target: "tower_bedrock::telemetry",
            operation,
            outcome = outcome.map_or_else(ErrorKind::as_str, |()| "whole"),
            events = end.timing.events,
            first_event_ms = millis(end.timing.to_first_event),
            between_events_ms = end.timing.between_events().map(millis),
            input_tokens = end.usage.map(|usage| usage.input_tokens),
            output_tokens = end.usage.map(|usage| usage.output_tokens),
            "a stream ended"
        );
    }
}
