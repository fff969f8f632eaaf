use std::fmt;

use super::status::CacheStatus;

/// Writes the value of a `Cache-Status` header; made by [`CacheStatus::cache_status`](crate::CacheStatus::cache_status).
#[derive(Clone, Copy, Debug)]
pub struct CacheStatusHeader<'a> {
    status: CacheStatus,
    name: &'a str,
}

impl<'a> CacheStatusHeader<'a> {
    pub(super) const fn new(status: CacheStatus, name: &'a str) -> Self {
        Self { status, name }
    }
}

impl fmt::Display for CacheStatusHeader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.name, self.status.parameters())
    }
}
