use std::sync::Arc;

/// What an invalidation removes.
pub(crate) enum Scope<K> {
    Key(K),
    Tag(Arc<str>),
    All,
}
