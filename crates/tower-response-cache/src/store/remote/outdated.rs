/// What a [`RemoteStore`](crate::RemoteStore) is to forget.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outdated<'a, K> {
    /// The entry of this key.
    Key(&'a K),
    /// Every entry with this tag.
    Tag(&'a str),
    /// Every entry.
    All,
}

impl<K> Clone for Outdated<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Outdated<'_, K> {}
