use super::stream_terms::StreamTerms;
use crate::{record::Record, response::WeakEnds};
use aws_smithy_types::body::SdkBody;
use std::any::Any;

/// A stream that others may read along, as a cache holds it while it goes on. It reads nothing itself.
pub(super) struct LiveShare {
    pub(super) record: Record<SdkBody>,
    pub(super) terms: StreamTerms,
    pub(super) ends: WeakEnds,
}

impl Drop for LiveShare {
    /// Nobody can join any more.
    fn drop(&mut self) {
        self.record.forget();
    }
}

/// Whether what a cache holds is a stream that goes on.
pub(crate) fn is_live(held: &(dyn Any + Send + Sync)) -> bool {
    held.is::<LiveShare>()
}
