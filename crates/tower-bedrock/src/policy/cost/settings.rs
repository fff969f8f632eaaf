use super::{burndown::Burndown, max_output::MaxOutput, rates::Models};
use crate::{monitor::Monitor, policy::limits::Profiles};
use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

/// What the clones of a cost have in common.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) models: Models,
    /// Whether there is a limit to what all models have together.
    pub(super) limits_all_models: AtomicBool,
    /// Whether a clone was taken.
    pub(super) taken: AtomicBool,
}

pub(super) struct Settings {
    pub(super) region: Arc<str>,
    pub(super) burndown: Burndown,
    pub(super) max_output: MaxOutput,
    pub(super) read_body: Option<Box<ReadBody>>,
    pub(super) patience: Duration,
    pub(super) monitor: Monitor,
    pub(super) profiles: Profiles,
}

type ReadBody = dyn Fn(&str, &[u8]) -> Option<u64> + Send + Sync;

impl Shared {
    pub(super) fn new(region: Arc<str>) -> Self {
        Self {
            settings: Settings {
                region,
                burndown: Burndown::standard(),
                max_output: MaxOutput::standard(),
                read_body: None,
                patience: Duration::from_secs(600),
                monitor: Monitor::new(),
                profiles: Profiles::new(),
            },
            models: Models::default(),
            limits_all_models: AtomicBool::new(false),
            taken: AtomicBool::new(false),
        }
    }
}
