use std::sync::Arc;

/// What is to be forgotten.
pub(crate) enum Scope<K> {
    Key(K),
    Tag(Arc<str>),
    All,
}
