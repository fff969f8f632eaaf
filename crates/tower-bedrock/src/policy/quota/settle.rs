use crate::{
    error::{Error, ErrorKind},
    usage::Usage,
};
use tower_quota::{Settle, Throttle};

/// What Bedrock charges in the end, in tokens of quota.
pub(super) fn charged(usage: Usage, burndown: u64) -> u64 {
    usage
        .input_tokens
        .saturating_add(usage.cache_write_tokens)
        .saturating_add(usage.output_tokens.saturating_mul(burndown))
}

/// What a call came to that failed.
pub(super) fn failed(error: &Error) -> Settle {
    let retry_after = error.retry_after();
    match error.kind() {
        ErrorKind::Throttled => Settle::Throttled(Throttle::Rate { retry_after }),
        ErrorKind::Exhausted => Settle::exhausted(retry_after),
        ErrorKind::Invalid
        | ErrorKind::AccessDenied
        | ErrorKind::Capacity
        | ErrorKind::CircuitOpen
        | ErrorKind::QuotaRejected => Settle::Refund,
        ErrorKind::Transient if error.never_reached_the_model() => Settle::Refund,
        ErrorKind::Transient
        | ErrorKind::Timeout
        | ErrorKind::DeadlineExceeded
        | ErrorKind::Other => Settle::Reserved,
    }
}
