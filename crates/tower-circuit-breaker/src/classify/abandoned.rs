/// What a call means whose future is dropped before its result: a caller that went away or timed
/// out, or a panic in the inner service.
///
/// Only calls that reached the inner service are concerned. A call dropped while it waits for the
/// inner service's readiness is never counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Abandoned {
    /// It does not count, and a probe gives its place back.
    #[default]
    Ignored,
    /// It counts as a failure, and fails a probe. Choose it when a timeout outside this layer is
    /// what ends the calls of a hung service.
    Failure,
}
