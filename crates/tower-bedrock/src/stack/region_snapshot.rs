use crate::regions::{Choosing, Reason};
use std::{fmt, sync::Arc};

/// What the calls of one of the [`Regions`](crate::Regions) came to.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RegionSnapshot {
    /// The name that it is listed by.
    pub name: Arc<str>,
    /// The calls that were to go there first. A call that a retry layer makes again counts again.
    pub calls: u64,
    /// The calls that were answered there, those that came from another Region included.
    pub answered: u64,
    /// The calls that came from another Region.
    pub moved_in: u64,
    /// The calls that went on to another Region, by why.
    pub moved_away: MovedAway,
    /// The models that calls stay away from, since they are not served there: by the one name that each has in
    /// keys.
    pub left_out: Vec<Arc<str>>,
    /// The part of all answers that came from here, from 0 to 1; 0 before the first one.
    pub share: f64,
}

/// How many calls went on to another Region.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MovedAway {
    /// The quota is spent: they were throttled, or the ledger turned them away.
    pub quota: u64,
    /// It was short of capacity, or failed.
    pub fault: u64,
    /// The circuit was open.
    pub circuit: u64,
    /// The model is not served there.
    pub not_served: u64,
    /// They waited, and another Region was free earlier.
    pub waiting: u64,
    /// Another model was to answer, and did not.
    pub other_model: u64,
}

impl MovedAway {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.quota + self.fault + self.circuit + self.not_served + self.waiting + self.other_model
    }
}

/// Where there is a choice, each Region in the user's order.
pub(super) fn regions(choosing: &Choosing) -> Vec<RegionSnapshot> {
    let settings = &*choosing.settings;
    if settings.is_plain() {
        return Vec::new();
    }
    let left_out = choosing.left_out_keys();
    let names = settings.names.iter().enumerate();
    let regions = names.map(|(place, name)| {
        let counts = choosing.counts(place);
        let moved = |reason| counts.moved_away(reason);
        RegionSnapshot {
            name: Arc::clone(name),
            calls: counts.calls(),
            answered: counts.answered(),
            moved_in: counts.moved_in(),
            moved_away: MovedAway {
                quota: moved(Reason::Quota),
                fault: moved(Reason::Fault),
                circuit: moved(Reason::Circuit),
                not_served: moved(Reason::NotServed),
                waiting: moved(Reason::Waiting),
                other_model: moved(Reason::OtherModel),
            },
            left_out: models_in(name, &left_out),
            share: 0.0,
        }
    });
    let mut regions: Vec<_> = regions.collect();
    let answered: u64 = regions.iter().map(|region| region.answered).sum();
    for region in &mut regions {
        region.share = region.answered as f64 / answered.max(1) as f64;
    }
    regions
}

/// The models of those of `keys` that are of a Region.
fn models_in(region: &str, keys: &[Arc<str>]) -> Vec<Arc<str>> {
    let models = keys.iter().filter_map(|key| {
        let (of, model) = key.split_once('/')?;
        (of == region).then(|| Arc::from(model))
    });
    let mut models: Vec<_> = models.collect();
    models.sort_unstable();
    models
}

impl fmt::Display for RegionSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moved = &self.moved_away;
        write!(
            f,
            "region     {}: {} answers ({:.0} %), {} calls, {} from elsewhere, {} went on",
            self.name,
            self.answered,
            100.0 * self.share,
            self.calls,
            self.moved_in,
            moved.total()
        )?;
        let reasons = [
            (Reason::Quota, moved.quota),
            (Reason::Fault, moved.fault),
            (Reason::Circuit, moved.circuit),
            (Reason::NotServed, moved.not_served),
            (Reason::Waiting, moved.waiting),
            (Reason::OtherModel, moved.other_model),
        ];
        let mut mark = ": ";
        for (reason, calls) in reasons.into_iter().filter(|(_, calls)| *calls > 0) {
            write!(f, "{mark}{calls} {}", reason.as_str())?;
            mark = ", ";
        }
        let mut mark = "; without ";
        for model in &self.left_out {
            write!(f, "{mark}{model}")?;
            mark = ", ";
        }
        Ok(())
    }
}
