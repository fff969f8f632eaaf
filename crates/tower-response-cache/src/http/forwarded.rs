use crate::policy::CacheStatusHeader;

/// Why a request went on to the inner service, in the words of RFC 9211, section 2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forwarded {
    /// The cache has no part in it.
    Bypass,
    /// Nothing is stored for requests of that method.
    Method,
    /// Nothing was stored for it. It is not known whether there is something for other fields.
    Miss,
    /// It did not take what is stored.
    Request,
    /// What is stored may not be given any more.
    Stale,
}

/// A call to the inner service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(super) forwarded: Forwarded,
    /// What the inner service answered; 304 if what is stored is still good, 502 if it did not answer.
    pub(super) status: u16,
}

impl Call {
    /// A call that brought no answer.
    pub(super) const fn without_answer(forwarded: Forwarded) -> Self {
        Self {
            forwarded,
            status: 502,
        }
    }

    /// What the cache called `name` says to a caller of this call.
    pub(super) const fn header(
        self,
        name: &str,
        collapsed: bool,
        stored: bool,
    ) -> CacheStatusHeader<'_> {
        let parameters = match (self.forwarded, collapsed) {
            (Forwarded::Bypass, _) => "fwd=bypass",
            (Forwarded::Method, _) => "fwd=method",
            (Forwarded::Miss, false) => "fwd=miss",
            (Forwarded::Miss, true) => "fwd=miss; collapsed",
            (Forwarded::Request, false) => "fwd=request",
            (Forwarded::Request, true) => "fwd=request; collapsed",
            (Forwarded::Stale, false) => "fwd=stale",
            (Forwarded::Stale, true) => "fwd=stale; collapsed",
        };
        let header = CacheStatusHeader::forwarded(name, parameters);
        header.fwd_status(self.status).stored(stored)
    }
}
