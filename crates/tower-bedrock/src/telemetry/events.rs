//! Every log line of this crate but the spans. Called outside locks.

#[cfg(feature = "metrics")]
use super::semconv;
use crate::{monitor::Advice, response::End};
use std::{error::Error as StdError, time::Duration};

/// A key of the monitor has its first advice.
pub(crate) fn advice(advice: &Advice) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "tower_bedrock::telemetry",
        key = &*advice.key,
        reason = advice.reason.as_str(),
        suggested_max_tokens = advice.suggested_max_tokens,
        "{advice}"
    );
    let _ = advice;
}

/// AWS did not say what an ARN stands for.
pub(crate) fn unresolved(arn: &str, error: &(dyn StdError + Send + Sync)) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "tower_bedrock::telemetry",
        arn,
        "{arn}: could not ask which model it stands for, so its calls have a quota of their own: \
         {error}"
    );
    let _ = (arn, error);
}

/// A call goes to another Region than it was to go to.
pub(crate) fn moved(from: &str, to: &str, reason: &'static str) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        target: "tower_bedrock::telemetry",
        from,
        to,
        reason,
        "a call goes to another Region"
    );
    #[cfg(feature = "metrics")]
    metrics::counter!(
        semconv::MOVES,
        semconv::MOVED_FROM => from.to_owned(),
        semconv::MOVED_TO => to.to_owned(),
        semconv::MOVE_REASON => reason,
    )
    .increment(1);
    let _ = (from, to, reason);
}

/// A model is not served where another Region serves it.
pub(crate) fn left_out(key: &str, time: Duration) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "tower_bedrock::telemetry",
        key,
        "{key}: the model is not served there, and elsewhere it is, so calls stay away for {time:?}"
    );
    let _ = (key, time);
}

/// A stream has ended, well or not.
pub(crate) fn stream_ended(operation: &'static str, end: &End) {
    #[cfg(feature = "tracing")]
    {
        use crate::error::{Error, ErrorKind};
        let outcome = end.result.as_ref().map_err(Error::kind);
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
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
    let _ = (operation, end);
}
