use tower_quota::shared::Totals;

/// How far a log is, as the scripts say it: five numbers with spaces between.
pub(crate) struct State {
    pub(crate) number: u64,
    pub(crate) at: u64,
    pub(crate) totals: Totals,
}

impl State {
    /// The next five of these; `None` if they are none.
    pub(crate) fn read<'a>(mut numbers: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        let mut next = || number(numbers.next()?);
        Some(Self {
            number: next()?,
            at: next()?,
            totals: Totals {
                calls: next()?,
                tokens: next()?,
                stops: next()?,
            },
        })
    }
}

pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}
