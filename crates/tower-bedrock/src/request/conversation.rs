use std::{fmt, num::NonZeroU64};

/// Which calls have the beginning of their prompts in common, as Bedrock's prompt caches would: a hash, and
/// nothing of what it is of.
///
/// One word, for every request has room for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Conversation(NonZeroU64);

/// Of the bits of a hash two say something else.
const IS_SHARED: u64 = 1;
const IS_SOME: u64 = 2;

impl Conversation {
    /// Of calls that their caller gives this key.
    pub(crate) fn named(key: &[u8]) -> Self {
        Self::new(&blake3::hash(key), 0)
    }

    fn new(hash: &blake3::Hash, is_shared: u64) -> Self {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash.as_bytes()[..8]);
        let hash = u64::from_le_bytes(bytes) & !IS_SHARED;
        let number = NonZeroU64::new(hash | IS_SOME | is_shared);
        Self(number.expect("a bit of it is set"))
    }

    /// The hash, which is another one where only the beginning is in common.
    pub(crate) const fn hash(self) -> u64 {
        self.0.get()
    }

    /// Whether other conversations begin like that, and only the beginning is in common.
    pub(crate) const fn is_shared(self) -> bool {
        self.0.get() & IS_SHARED != 0
    }
}

/// The beginning of a prompt, as it is read piece by piece.
pub(crate) struct Beginning(blake3::Hasher);

impl Beginning {
    pub(crate) fn new() -> Self {
        Self(blake3::Hasher::new_derive_key(
            "tower-bedrock beginning of a prompt 1",
        ))
    }

    /// One more piece, which does not run together with the next one.
    pub(crate) fn add(&mut self, piece: &[u8]) {
        self.0.update(&(piece.len() as u64).to_le_bytes());
        self.0.update(piece);
    }

    pub(crate) fn of_all_who_share_it(&self) -> Conversation {
        Conversation::new(&self.0.finalize(), IS_SHARED)
    }

    pub(crate) fn of_one(&self) -> Conversation {
        Conversation::new(&self.0.finalize(), 0)
    }
}

/// A hash of a short key is the key to whoever tries them all.
impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Conversation(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_do_not_run_together() {
        let of = |pieces: &[&str]| {
            let mut beginning = Beginning::new();
            for piece in pieces {
                beginning.add(piece.as_bytes());
            }
            beginning.of_one()
        };
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        let (mut shared, mut own) = (Beginning::new(), Beginning::new());
        shared.add(b"ab");
        own.add(b"ab");
        assert!(shared.of_all_who_share_it().is_shared() && !own.of_one().is_shared());
        assert_ne!(shared.of_all_who_share_it().hash(), own.of_one().hash());
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["abc"]), Conversation::named(b"abc"));
    }

    #[test]
    fn a_key_is_not_shown() {
        let shown = format!("{:?}", Conversation::named(b"user 4711"));
        assert_eq!(shown, "Conversation(..)");
    }
}
