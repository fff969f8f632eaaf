use std::sync::Arc;

use super::limit::Limit;

/// The limits of one key. A call is reserved in all of them, or in none.
///
/// Without any limit the key's limits are [found](Limit::probing): all calls go as they come until
/// the first throttle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    limits: Arc<[Limit]>,
}

impl Limits {
    /// Nothing is known: calls a minute and tokens a minute are found out.
    #[must_use]
    pub fn unknown() -> Self {
        Self::from([])
    }

    pub(crate) fn or_probing(&self) -> Vec<Limit> {
        if self.limits.is_empty() {
            vec![
                Limit::calls_per_minute(0).probing(),
                Limit::tokens_per_minute(0).probing(),
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
