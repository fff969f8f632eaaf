use tower_quota::shared::{Entry, Heard};

use crate::packed::{State, unpack};

/// A claim is a part of what was appended.
const CLAIM: u64 = 2;

/// What the script `append` publishes: the epoch, the log's state, what was appended (1: facts, 2: a claim, too), how
/// long the facts are; then the facts and the claim.
///
/// `None` for anything else.
pub(crate) fn heard(message: &[u8]) -> Option<Heard> {
    let (epoch, message) = message.split_first_chunk()?;
    let (state, message) = State::unpack(message)?;
    let (what, message) = unpack(message)?;
    let (length, message) = unpack(message)?;
    let (facts, claim) = message.split_at_checked(usize::try_from(length).ok()?)?;
    Some(Heard::Entry {
        epoch: u64::from_le_bytes(*epoch),
        totals: state.totals,
        entry: Entry {
            number: state.number,
            at: state.at,
            facts: facts.to_vec(),
            claim: (what == CLAIM).then(|| claim.to_vec()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::pack;
    use proptest::{collection::vec, prelude::*};
    use tower_quota::shared::Totals;

    /// A message with that claim, if it is one, of an entry with 3 bytes of facts.
    fn message(what: u64, claim: &[u8]) -> Vec<u8> {
        let numbers = pack([2, 3, 4, 5, 6, what, 3]);
        [&u64::MAX.to_le_bytes()[..], &numbers, b" \0 ", claim].concat()
    }

    #[test]
    fn facts_and_claims_may_have_any_bytes() {
        let entry = Entry {
            number: 2,
            at: 3,
            facts: b" \0 ".to_vec(),
            claim: Some(b"\xff".to_vec()),
        };
        let totals = Totals {
            calls: 4,
            tokens: 5,
            stops: 6,
        };
        let epoch = u64::MAX;
        let expected = Heard::Entry {
            epoch,
            totals,
            entry,
        };
        assert_eq!(heard(&message(2, b"\xff")), Some(expected));
    }

    #[test]
    fn no_claim_is_not_an_empty_one() {
        for (what, claims) in [(2, true), (1, false)] {
            let Some(Heard::Entry { entry, .. }) = heard(&message(what, b"")) else {
                panic!("it is a message");
            };
            assert_eq!(entry.claim.is_some(), claims);
        }
    }

    #[test]
    fn message_that_was_cut_is_none() {
        let message = message(1, b"");
        for length in 0..message.len() {
            assert_eq!(heard(&message[..length]), None, "{length}");
        }
    }

    proptest! {
        #[test]
        fn what_others_publish_never_panics(bytes in vec(any::<u8>(), 0..100)) {
            let _ = heard(&bytes);
        }
    }
}
