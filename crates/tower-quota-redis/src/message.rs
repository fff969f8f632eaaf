use tower_quota::shared::{Entry, Heard};

use crate::state::{State, number};

/// A claim is a part of what was appended.
const CLAIM: u64 = 2;

/// What the script `append` publishes: the epoch, the log's state, what was appended (1: facts, 2: a claim, too) and
/// how long the facts are, each with a space behind it; then the facts and the claim.
///
/// `None` for anything else.
pub(crate) fn heard(message: &[u8]) -> Option<Heard> {
    let mut parts = message.splitn(9, |&byte| byte == b' ');
    let epoch = number(parts.next()?)?;
    let state = State::read(&mut parts)?;
    let [what, length] = [number(parts.next()?)?, number(parts.next()?)?];
    let length = usize::try_from(length).ok()?;
    let (facts, claim) = parts.next()?.split_at_checked(length)?;
    Some(Heard::Entry {
        epoch,
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
    use proptest::{collection::vec, prelude::*};
    use tower_quota::shared::Totals;

    #[test]
    fn facts_and_claims_may_have_any_bytes() {
        let Some(Heard::Entry {
            epoch,
            totals,
            entry,
        }) = heard(b"18446744073709551615 2 3 4 5 6 2 3  \0 \xff")
        else {
            panic!("it is a message");
        };
        assert_eq!(epoch, u64::MAX);
        let expected = Totals {
            calls: 4,
            tokens: 5,
            stops: 6,
        };
        assert_eq!(totals, expected);
        assert_eq!((entry.number, entry.at), (2, 3));
        assert_eq!(entry.facts, b" \0 ");
        assert_eq!(entry.claim.as_deref(), Some(&b"\xff"[..]));
    }

    #[test]
    fn no_claim_is_not_an_empty_one() {
        for (message, claims) in [("1 2 3 4 5 6 2 0 ", true), ("1 2 3 4 5 6 1 0 ", false)] {
            let Some(Heard::Entry { entry, .. }) = heard(message.as_bytes()) else {
                panic!("it is a message");
            };
            assert_eq!(entry.claim.is_some(), claims);
        }
    }

    proptest! {
        #[test]
        fn what_others_publish_never_panics(bytes in vec(any::<u8>(), 0..60)) {
            let _ = heard(&bytes);
        }

        #[test]
        fn a_message_that_was_cut_is_none(length in 0usize..18) {
            prop_assert_eq!(heard(&b"1 2 3 4 5 6 1 2 ab"[..length]), None);
        }
    }
}
