use std::sync::Arc;

use super::limit::Limit;

/// The limits of one key. A call is reserved in all of them, or in none.
///
/// Without any limit the key's limits are found by probing: from 60 calls a minute, and as many
/// tokens as they ask for until a throttle says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    limits: Arc<[Limit]>,
}

impl Limits {
    /// Nothing is known: the limit is found by probing.
    #[must_use]
    pub fn unknown() -> Self {
        Self::from([])
    }

    pub(crate) fn known_or_guessed(&self) -> Vec<Limit> {
        if self.limits.is_empty() {
            vec![
                Limit::calls_per_minute(60).probing(),
                Limit::tokens_per_minute(60_000).open(),
            ]
        } else {
            self.limits.to_vec()
        }
    }
}

impl From<Limit> for Limits {
    fn from(limit: Limit) -> Self {
        Self::from([limit])
    }
}

impl<const N: usize> From<[Limit; N]> for Limits {
    fn from(limits: [Limit; N]) -> Self {
        Self {
            limits: Arc::new(limits),
        }
    }
}

impl FromIterator<Limit> for Limits {
    fn from_iter<I: IntoIterator<Item = Limit>>(limits: I) -> Self {
        Self {
            limits: limits.into_iter().collect(),
        }
    }
}

/// Says which limits a key has.
///
/// [`Limits`], [`Limit`] and arrays of it give every key the same limits, each key its own share;
/// closures `Fn(&K) -> Limits` tell keys apart. Asked once for each key that is new or was
/// forgotten.
pub trait LimitsOf<K: ?Sized> {
    /// The limits of `key`.
    fn limits(&self, key: &K) -> Limits;
}

impl<K: ?Sized> LimitsOf<K> for Limits {
    fn limits(&self, _: &K) -> Limits {
        self.clone()
    }
}

impl<K: ?Sized> LimitsOf<K> for Limit {
    fn limits(&self, _: &K) -> Limits {
        Limits::from(self.clone())
    }
}

impl<K: ?Sized, const N: usize> LimitsOf<K> for [Limit; N] {
    fn limits(&self, _: &K) -> Limits {
        self.iter().cloned().collect()
    }
}

impl<K: ?Sized, F> LimitsOf<K> for F
where
    F: Fn(&K) -> Limits,
{
    fn limits(&self, key: &K) -> Limits {
        self(key)
    }
}
