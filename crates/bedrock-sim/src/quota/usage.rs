use std::collections::BTreeMap;

use serde::Serialize;

use super::ModelUsage;

/// What every model has been asked and charged since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct QuotaUsage {
    /// By exact model id, each configured model and each one that was called.
    pub models: BTreeMap<String, ModelUsage>,
}

impl QuotaUsage {
    /// The figures of one model, if it is configured or was called.
    #[must_use]
    pub fn model(&self, id: &str) -> Option<&ModelUsage> {
        self.models.get(id)
    }
}
