use std::fmt;

/// Writes the value of a `Cache-Status` header; made by
/// [`CacheStatus::cache_status`](crate::CacheStatus::cache_status).
#[derive(Clone, Copy, Debug)]
pub struct CacheStatusHeader<'a> {
    pub(super) name: &'a str,
    pub(super) parameters: &'static str,
}

impl fmt::Display for CacheStatusHeader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.name, self.parameters)
    }
}
