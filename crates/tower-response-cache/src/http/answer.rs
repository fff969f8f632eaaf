use std::sync::Arc;

use http::Response;
use http_body::Body;

use super::{body::HttpCacheBody, forwarded::Call, stored::StoredResponse};
use crate::policy::Keep;

/// A response, and what of it is for the store and for other callers.
pub(crate) struct Answer<B: Body> {
    pub(super) res: Response<HttpCacheBody<B>>,
    pub(super) kept: Option<Kept>,
    /// The call that brought it. `None` if its fields say already how the cache took part.
    pub(super) call: Option<Call>,
}

/// What is stored, and how.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(super) keep: Keep,
    pub(super) stored: Arc<StoredResponse>,
}

impl<B: Body> Answer<B> {
    /// A response of `call` that is for its caller alone.
    pub(super) fn alone(res: Response<HttpCacheBody<B>>, call: Call) -> Self {
        Self {
            res,
            kept: None,
            call: Some(call),
        }
    }

    /// A response that says how the cache took part.
    pub(super) fn said(res: Response<HttpCacheBody<B>>) -> Self {
        Self {
            res,
            kept: None,
            call: None,
        }
    }
}
