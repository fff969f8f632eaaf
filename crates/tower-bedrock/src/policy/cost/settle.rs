use crate::{
    error::{Error, ErrorKind},
    response::Usage,
};
use tower_quota::{Settle, Throttle, Unit};

/// What an answered call has cost in the end, in tokens of quota. Cache reads are free.
pub(super) fn charged(usage: Usage, burndown: u64) -> u64 {
    usage
        .input_tokens
        .saturating_add(usage.cache_write_tokens)
        .saturating_add(usage.output_tokens.saturating_mul(burndown))
}

/// What a failed call counts for.
///
/// Where Bedrock may have charged it, it counts as reserved. Too much, if it was not charged, costs a
/// little speed for a minute; too little would send calls that are throttled.
pub(in crate::policy) fn failed(error: &Error) -> Settle {
    let retry_after = error.retry_after();
    match error.kind() {
        ErrorKind::Throttled => Settle::Throttled(Throttle::Rate {
            retry_after,
            unit: error.message().and_then(short_of),
        }),
        ErrorKind::Exhausted => Settle::Throttled(Throttle::Exhausted { retry_after }),
        // Refused before the model had a part in it, or never sent.
        ErrorKind::Invalid
        | ErrorKind::AccessDenied
        | ErrorKind::Capacity
        | ErrorKind::CircuitOpen
        | ErrorKind::NotCached
        | ErrorKind::QuotaRejected
        | ErrorKind::Closed => Settle::Refund,
        ErrorKind::Transient if error.never_reached_the_model() => Settle::Refund,
        ErrorKind::Transient
        | ErrorKind::Timeout
        | ErrorKind::Truncated
        | ErrorKind::DeadlineExceeded
        | ErrorKind::Other => Settle::Reserved,
    }
}

/// Which quota a throttle's message names. Otherwise the ledger slows down all limits of the key.
fn short_of(message: &str) -> Option<Unit> {
    let message = message.to_ascii_lowercase();
    if message.contains("too many tokens") {
        Some(Unit::Tokens)
    } else if message.contains("too many requests") {
        Some(Unit::Calls)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{io, time::Duration};

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind, "for a test")
    }

    #[test]
    fn a_throttle_keeps_the_servers_hint() {
        let wait = Duration::from_secs(3);
        for retry_after in [None, Some(wait)] {
            let hinted = |kind| match retry_after {
                Some(wait) => error(kind).with_retry_after(wait),
                None => error(kind),
            };
            assert_eq!(
                failed(&hinted(ErrorKind::Throttled)),
                Settle::Throttled(Throttle::Rate {
                    retry_after,
                    unit: None,
                })
            );
            assert_eq!(
                failed(&hinted(ErrorKind::Exhausted)),
                Settle::Throttled(Throttle::Exhausted { retry_after })
            );
        }
    }

    #[test]
    fn the_message_names_the_quota() {
        let wait = "please wait before trying again.";
        assert_eq!(
            short_of(&format!("Too many tokens, {wait}")),
            Some(Unit::Tokens)
        );
        assert_eq!(
            short_of(&format!("Too many requests, {wait}")),
            Some(Unit::Calls)
        );
        assert_eq!(short_of("Your request rate is too high"), None);
    }

    #[test]
    fn what_was_never_charged_is_given_back() {
        for kind in [
            ErrorKind::Invalid,
            ErrorKind::AccessDenied,
            ErrorKind::Capacity,
            ErrorKind::CircuitOpen,
            ErrorKind::NotCached,
            ErrorKind::QuotaRejected,
        ] {
            assert_eq!(failed(&error(kind)), Settle::Refund, "{kind}");
        }
        for status in [429, 500, 502] {
            let error = error(ErrorKind::Transient).with_status(status);
            assert_eq!(failed(&error), Settle::Refund, "{status}");
        }
        for kind in [
            io::ErrorKind::ConnectionRefused,
            io::ErrorKind::HostUnreachable,
        ] {
            let refused = error(ErrorKind::Transient).with_source(io::Error::from(kind));
            assert_eq!(failed(&refused), Settle::Refund, "{kind}");
        }
    }

    #[test]
    fn what_may_have_been_charged_counts_as_reserved() {
        for kind in [
            ErrorKind::Timeout,
            ErrorKind::Truncated,
            ErrorKind::DeadlineExceeded,
            ErrorKind::Transient,
            ErrorKind::Other,
        ] {
            assert_eq!(failed(&error(kind)), Settle::Reserved, "{kind}");
        }
        for status in [200, 424] {
            let error = error(ErrorKind::Transient).with_status(status);
            assert_eq!(failed(&error), Settle::Reserved, "{status}");
        }
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        let reset = error(ErrorKind::Transient).with_source(reset);
        assert_eq!(failed(&reset), Settle::Reserved);
    }

    proptest! {
        #[test]
        fn the_charge_is_the_published_formula(
            input: u64, output: u64, read: u64, write: u64, burndown in 0_u64..100,
        ) {
            let mut usage = Usage::new(input, output);
            usage.cache_read_tokens = read;
            usage.cache_write_tokens = write;
            let plain = u128::from(input)
                + u128::from(write)
                + u128::from(output) * u128::from(burndown);
            let plain = u64::try_from(plain).unwrap_or(u64::MAX);
            prop_assert_eq!(charged(usage, burndown), plain);
        }
    }
}
