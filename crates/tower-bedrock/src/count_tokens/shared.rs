use super::{failures::Failures, settings::Settings};
use std::sync::atomic::AtomicBool;

/// What a layer, its clones, its services and its handles have in common.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) failures: Failures,
    /// Whether a handle, a clone or a service was taken from the layer.
    pub(super) taken: AtomicBool,
}
