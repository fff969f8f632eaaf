use crate::wire;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{interceptors::context::Input, orchestrator::HttpRequest, ser_de::SerializeRequest},
};
use aws_smithy_types::config_bag::ConfigBag;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// A serializer that hands out what the SDK's own made before, whatever it is given. The bytes are
/// shared.
pub(super) struct Made {
    request: Arc<HttpRequest>,
    is_handed_out: Arc<AtomicBool>,
}

impl Made {
    pub(super) const fn new(request: Arc<HttpRequest>, is_handed_out: Arc<AtomicBool>) -> Self {
        Self {
            request,
            is_handed_out,
        }
    }
}

impl SerializeRequest for Made {
    fn serialize_input(&self, _: Input, _: &mut ConfigBag) -> Result<HttpRequest, BoxError> {
        let request = wire::share(&self.request)?;
        self.is_handed_out.store(true, Ordering::Relaxed);
        Ok(request)
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Made").finish_non_exhaustive()
    }
}
