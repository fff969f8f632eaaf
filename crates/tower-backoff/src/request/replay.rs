use super::overrides::{Overrides, RetryOptions};

/// Makes the request of the next attempt, and says what a request asks for itself.
///
/// Closures `Fn(&Req) -> Option<Req>` implement it, for requests that are not `Clone`.
pub trait Replay<Req> {
    /// The request for the attempt after this one, or `None` if it cannot be sent again.
    ///
    /// Runs before each attempt that another one may follow. Before the last one it runs too, as that
    /// may be [rejected](crate::Verdict::Rejected) and made again, but with a
    /// [`rejected_wait`](crate::BackoffLayer::rejected_wait) of zero, or where there is only one. It
    /// need not be a plain copy: it may, say, set a header.
    fn replay(&self, request: &Req) -> Option<Req>;

    /// What this request asks for instead of the layer's settings. Runs once per call.
    fn overrides(&self, request: &Req) -> Overrides {
        let _ = request;
        Overrides::default()
    }
}

impl<F, Req> Replay<Req> for F
where
    F: Fn(&Req) -> Option<Req>,
{
    fn replay(&self, request: &Req) -> Option<Req> {
        self(request)
    }
}

/// Clones requests, and treats all of them alike. The default.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReplayClone;

impl<Req: Clone> Replay<Req> for ReplayClone {
    fn replay(&self, request: &Req) -> Option<Req> {
        Some(request.clone())
    }
}

/// Clones requests, and asks each for its own [`Overrides`].
#[derive(Clone, Copy, Debug, Default)]
pub struct FromRequest;

impl<Req: Clone + RetryOptions> Replay<Req> for FromRequest {
    fn replay(&self, request: &Req) -> Option<Req> {
        Some(request.clone())
    }

    fn overrides(&self, request: &Req) -> Overrides {
        request.overrides()
    }
}
