/// What a throttled call means to a closed circuit.
///
/// A throttled probe fails in either case: a service that still throttles has not recovered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Throttles {
    /// It counts as a failure.
    #[default]
    Failure,
    /// It does not count at all.
    Ignored,
}
