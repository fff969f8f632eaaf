/// What the cache does for one request; what [`Policy::lookup`] returns.
///
/// [`Policy::lookup`]: crate::Policy::lookup
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookup<K> {
    /// Answer from the cache; on a miss, call the inner service or join the flight under way.
    Use(K),

    /// Call the inner service in any case, and store what it answers.
    ///
    /// The stored answer, if there is one, is not read and stays until it is replaced.
    Refresh(K),

    /// Call the inner service; neither read nor store.
    Bypass,
}
