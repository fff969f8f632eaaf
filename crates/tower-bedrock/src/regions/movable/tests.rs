use super::{Fate, Reason, fate, more_telling};
use crate::error::{Error, ErrorKind};
use std::time::Duration;

fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "for a test")
}

#[test]
fn each_kind_has_its_fate() {
    for kind in ErrorKind::all() {
        let expected = match kind {
            ErrorKind::Throttled | ErrorKind::Exhausted | ErrorKind::QuotaRejected => {
                Fate::Moves(Reason::Quota)
            }
            ErrorKind::Capacity | ErrorKind::Transient => Fate::Moves(Reason::Fault),
            ErrorKind::CircuitOpen => Fate::Moves(Reason::Circuit),
            ErrorKind::Timeout => Fate::Avoids,
            _ => Fate::Stays,
        };
        assert_eq!(fate(&error(kind)), expected, "{kind}");
    }
}

#[test]
fn what_may_be_the_prompts_fault_stays() {
    for (status, expected) in [
        (424, Fate::Stays),
        // An answer that could not be read to its end.
        (200, Fate::Avoids),
        (500, Fate::Moves(Reason::Fault)),
        (429, Fate::Moves(Reason::Fault)),
    ] {
        let error = error(ErrorKind::Transient).with_status(status);
        assert_eq!(fate(&error), expected, "{status}");
    }
    let in_a_stream = error(ErrorKind::Transient).with_code("ModelStreamErrorException");
    assert_eq!(fate(&in_a_stream), Fate::Stays);
}

#[test]
fn reasons_have_a_place_and_a_name_each() {
    for (place, reason) in Reason::ALL.into_iter().enumerate() {
        assert_eq!(reason as usize, place);
        let same = Reason::ALL
            .into_iter()
            .filter(|other| other.as_str() == reason.as_str());
        assert_eq!(same.count(), 1, "{reason:?}");
    }
}

#[test]
fn a_model_that_is_not_served_is_looked_for_elsewhere() {
    let missing =
        Error::new(ErrorKind::Invalid, "Model not found.").with_code("ResourceNotFoundException");
    assert_eq!(fate(&missing), Fate::Moves(Reason::NotServed));
}

#[test]
fn the_most_telling_error_goes_up() {
    let order = [
        ErrorKind::Throttled,
        ErrorKind::Capacity,
        ErrorKind::Transient,
        ErrorKind::CircuitOpen,
        ErrorKind::QuotaRejected,
        ErrorKind::Exhausted,
        ErrorKind::Invalid,
    ];
    for (place, first) in order.into_iter().enumerate() {
        for second in order.into_iter().skip(place + 1) {
            for (one, other) in [(first, second), (second, first)] {
                assert_eq!(more_telling(error(one), error(other)).kind(), first);
            }
        }
    }
}

#[test]
fn of_equal_errors_the_shorter_wait_counts() {
    let open = |wait: Option<u64>| match wait {
        Some(wait) => error(ErrorKind::CircuitOpen).with_retry_after(Duration::from_secs(wait)),
        None => error(ErrorKind::CircuitOpen),
    };
    for (one, other, shorter) in [
        (Some(9), Some(2), Some(2)),
        (Some(2), Some(9), Some(2)),
        (Some(2), None, None),
        (None, Some(2), None),
    ] {
        let wait = more_telling(open(one), open(other)).retry_after();
        assert_eq!(wait, shorter.map(Duration::from_secs));
    }
}
