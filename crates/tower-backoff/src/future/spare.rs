/// What another attempt needs: a service that is not ready yet, and the request.
pub(crate) struct Spare<S, Req> {
    pub(crate) inner: S,
    pub(crate) request: Req,
}

impl<S, Req> Spare<S, Req> {
    pub(crate) fn new(inner: S, request: Req) -> Self {
        Self { inner, request }
    }
}
