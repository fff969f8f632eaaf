use super::{burndown::Burndown, max_output::MaxOutput, rates::Models};
use crate::{monitor::Monitor, policy::limits::Profiles};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// What the clones of a cost have in common.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) models: Models,
    /// The Regions that are known from the start, the one first where calls go that name none.
    pub(super) regions: Box<[AccountRegion]>,
    /// Whether a clone was taken.
    pub(super) taken: AtomicBool,
}

/// A Region, and what all models have there together.
pub(super) struct AccountRegion {
    pub(super) name: Arc<str>,
    /// Whether there is a limit to that.
    pub(super) limits_all_models: AtomicBool,
}

pub(super) struct Settings {
    pub(super) burndown: Burndown,
    pub(super) max_output: MaxOutput,
    pub(super) read_body: Option<Box<ReadBody>>,
    pub(super) patience: Duration,
    pub(super) monitor: Monitor,
    pub(super) profiles: Profiles,
}

type ReadBody = dyn Fn(&str, &[u8]) -> Option<u64> + Send + Sync;

impl Shared {
    pub(super) fn new(regions: &[Arc<str>]) -> Self {
        let region = |name: &Arc<str>| AccountRegion {
            name: Arc::clone(name),
            limits_all_models: AtomicBool::new(false),
        };
        Self {
            regions: regions.iter().map(region).collect(),
            settings: Settings {
                burndown: Burndown::standard(),
                max_output: MaxOutput::standard(),
                read_body: None,
                patience: Duration::from_secs(600),
                monitor: Monitor::new(),
                profiles: Profiles::new(),
            },
            models: Models::default(),
            taken: AtomicBool::new(false),
        }
    }

    /// Where calls go that name no Region.
    pub(super) fn region(&self) -> &Arc<str> {
        &self.regions[0].name
    }

    /// The Region that all models have a limit in together, if they have one in `name`.
    pub(super) fn limited(&self, name: &str) -> Option<&Arc<str>> {
        let region = self.regions.iter().find(|region| *region.name == *name)?;
        let is_limited = region.limits_all_models.load(Ordering::Relaxed);
        is_limited.then_some(&region.name)
    }

    /// Notes in which Regions there is such a limit.
    pub(super) fn note_limits(&self, is_limited: impl Fn(&str) -> bool) {
        for region in &self.regions {
            let is_limited = is_limited(&region.name);
            region
                .limits_all_models
                .store(is_limited, Ordering::Relaxed);
        }
    }
}
