use super::{failures::Failures, settings::Settings};

/// What a layer, its clones, its services and its handles have in common.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) failures: Failures,
}
