/// Why a remote store had no answer to a question. The cache treats all of them alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It could not be reached, did not do what it was asked, or took too long.
    Unreachable,
    /// It has something that cannot be read.
    Unreadable,
    /// It was not asked: it could not be reached several times in a row.
    NotAsked,
}
