/// How a delay is spread, so that callers refused together do not come back together.
///
/// `step` is `base`, doubled with every retry, and never more than the cap. Whatever the jitter,
/// the [cap](crate::Backoff::new) is applied last and never exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Jitter {
    /// Anything from zero to `step`: the widest spread.
    Full,
    /// Half of `step`, and anything up to the other half on top: never shorter than `step / 2`.
    Equal,
    /// Anything from `base` to three times the previous delay: grows by chance, not by count.
    Decorrelated,
    /// Exactly `step`. For tests and for a caller that is alone.
    None,
}
