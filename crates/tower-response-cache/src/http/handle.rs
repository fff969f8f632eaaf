use std::{fmt, sync::Arc};

use http::{HeaderMap, Uri};

use super::policy::HttpPolicy;
use super::stored::{self, HttpKey, Stored};
use crate::{Handle, Snapshot};

/// Looks into a cache of HTTP and empties it; made by [`HttpCacheLayer::handle`].
///
/// A call that is under way when its answer is invalidated still answers those who wait for it. Whoever
/// asks from then on does not join it, and does not get its answer.
///
/// [`HttpCacheLayer::handle`]: crate::HttpCacheLayer::handle
#[derive(Clone)]
pub struct HttpCacheHandle {
    handle: Handle<HttpKey, Stored>,
    policy: Arc<HttpPolicy>,
}

impl HttpCacheHandle {
    pub(super) fn new(handle: Handle<HttpKey, Stored>, policy: Arc<HttpPolicy>) -> Self {
        Self { handle, policy }
    }

    /// What the cache has done, and what it holds.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.handle.snapshot()
    }

    /// Invalidates every answer for `uri`, of every method and with every field, as a successful POST to
    /// it does.
    ///
    /// Its authority is the one that requests have in their URI, or in a server in `Host`, with the port if
    /// there is one; its scheme does not matter. A `uri` without an authority, such as `/news`, is that path
    /// under every authority. The query is part of the path. The memory of these answers is free once others
    /// push them out.
    pub fn invalidate(&self, uri: &Uri) {
        let (generations, path) = (&self.policy.generations, stored::path(uri));
        if uri.authority().is_none() {
            return generations.invalidate_path(path);
        }
        let authority = stored::authority(uri, &HeaderMap::new());
        generations.invalidate(&stored::target(&authority, path));
    }

    /// Forgets every answer.
    pub fn clear(&self) {
        drop(self.handle.clear());
    }
}

impl fmt::Debug for HttpCacheHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCacheHandle")
            .field("snapshot", &self.snapshot())
            .finish()
    }
}
