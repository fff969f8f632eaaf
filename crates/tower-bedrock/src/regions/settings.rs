use std::{fmt, sync::Arc, time::Duration};

/// The Regions that the user lists, and the knobs of [`Regions`](super::Regions).
pub struct Settings {
    /// In the user's order, no two alike; there is one at least.
    pub(crate) names: Box<[Arc<str>]>,
    pub(crate) patience: Duration,
    pub(crate) conversation_patience: Duration,
    pub(crate) other_model_after: Duration,
    pub(crate) left_out_for: Duration,
    pub(crate) share_answers: bool,
    pub(crate) prefixes: Vec<PrefixRule>,
    pub(crate) models: Option<Box<ModelsIn>>,
    /// A model, and another one that may answer in its place.
    pub(crate) others: Vec<(Arc<str>, Arc<str>)>,
}

/// Ids that begin with `from` begin with `to` in `region`.
#[derive(Debug)]
pub(crate) struct PrefixRule {
    pub(crate) region: Arc<str>,
    pub(crate) from: Box<str>,
    pub(crate) to: Box<str>,
}

/// By Region and the model's id as the request names it.
pub(crate) type ModelsIn = dyn Fn(&str, &str) -> Option<String> + Send + Sync;

impl Settings {
    pub(crate) fn new(names: Box<[Arc<str>]>) -> Self {
        Self {
            names,
            patience: Duration::from_secs(3),
            conversation_patience: Duration::from_secs(30),
            other_model_after: Duration::from_secs(10),
            left_out_for: Duration::from_secs(600),
            share_answers: true,
            prefixes: Vec::new(),
            models: None,
            others: Vec::new(),
        }
    }

    /// Of a stack that sends to one Region.
    pub(crate) fn of_one(name: Arc<str>) -> Self {
        Self::new([name].into())
    }

    /// Where calls go that nobody chooses a Region for.
    pub(crate) fn first(&self) -> &Arc<str> {
        &self.names[0]
    }

    /// Whether there is nothing to choose.
    pub(crate) fn is_plain(&self) -> bool {
        self.names.len() == 1
            && self.prefixes.is_empty()
            && self.models.is_none()
            && self.others.is_empty()
    }

    /// The place of a Region in the user's order, if it is listed.
    pub(crate) fn place(&self, region: &str) -> Option<usize> {
        self.names.iter().position(|name| **name == *region)
    }

    /// The names, for a person to read.
    pub(crate) fn listed(&self) -> String {
        self.names.join(", ")
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("names", &self.names)
            .field("patience", &self.patience)
            .field("conversation_patience", &self.conversation_patience)
            .field("other_model_after", &self.other_model_after)
            .field("left_out_for", &self.left_out_for)
            .field("share_answers", &self.share_answers)
            .field("prefixes", &self.prefixes)
            .field("others", &self.others)
            .finish_non_exhaustive()
    }
}
