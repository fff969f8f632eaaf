use crate::base_model::base_model;
use std::borrow::Cow;

/// A number for each model, by the longest prefix of its id.
#[derive(Debug, Clone)]
pub(super) struct Table {
    entries: Vec<(Cow<'static, str>, u64)>,
    otherwise: u64,
}

impl Table {
    pub(super) fn new(entries: &[(&'static str, u64)], otherwise: u64) -> Self {
        let entries = entries.iter().map(|&(prefix, n)| (prefix.into(), n));
        Self {
            entries: entries.collect(),
            otherwise,
        }
    }

    /// A later entry for the same prefix takes the place of an earlier one.
    pub(super) fn set(&mut self, prefix: Cow<'static, str>, n: u64) {
        match self.entries.iter_mut().find(|entry| entry.0 == prefix) {
            Some(entry) => entry.1 = n,
            None => self.entries.push((prefix, n)),
        }
    }

    pub(super) fn set_otherwise(&mut self, n: u64) {
        self.otherwise = n;
    }

    /// The entry of the longest prefix of the model's own id, or of `id` as it was given.
    pub(super) fn of(&self, id: &str) -> u64 {
        let base = base_model(id);
        let fits = |prefix: &str| {
            id.starts_with(prefix) || base.is_some_and(|base| base.starts_with(prefix))
        };
        self.entries
            .iter()
            .filter(|(prefix, _)| fits(prefix))
            .max_by_key(|(prefix, _)| prefix.len())
            .map_or(self.otherwise, |&(_, n)| n)
    }
}
