use std::fmt;

/// Which calls have the beginning of their prompts in common, as Bedrock's prompt caches would: a hash, and
/// nothing of what it is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Conversation {
    pub(crate) hash: u128,
    /// Whether other conversations begin like that, and only the beginning is in common.
    pub(crate) is_shared: bool,
}

impl Conversation {
    /// Of calls that their caller gives this key.
    pub(crate) fn named(key: &[u8]) -> Self {
        Self {
            hash: number(blake3::hash(key)),
            is_shared: false,
        }
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
        Conversation {
            hash: number(self.0.finalize()),
            is_shared: true,
        }
    }

    pub(crate) fn of_one(&self) -> Conversation {
        Conversation {
            is_shared: false,
            ..self.of_all_who_share_it()
        }
    }
}

fn number(hash: blake3::Hash) -> u128 {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    u128::from_le_bytes(bytes)
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
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["abc"]), Conversation::named(b"abc"));
    }

    #[test]
    fn a_key_is_not_shown() {
        let shown = format!("{:?}", Conversation::named(b"user 4711"));
        assert_eq!(shown, "Conversation(..)");
    }
}
