/// What a stored value may be used for at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Freshness {
    /// It answers.
    Fresh,

    /// It answers at once, while one call in the background brings a new one.
    Revalidate,

    /// It answers only if the call for a new one fails and the policy allows it.
    IfError,

    /// It is of no use.
    Expired,
}
