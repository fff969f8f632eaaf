use std::any::Any;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};

use crate::classify::Verdict;

type OfStatus = dyn Fn(StatusCode, &HeaderMap) -> Option<Verdict> + Send + Sync;
type OfError = dyn Fn(&dyn Any) -> Option<Verdict> + Send + Sync;

/// What users say before the table does. The first that knows counts.
#[derive(Clone, Default)]
pub(super) struct Exceptions {
    pub(super) statuses: Vec<Arc<OfStatus>>,
    pub(super) errors: Vec<Arc<OfError>>,
}

impl Exceptions {
    pub(super) fn of_status(&self, status: StatusCode, headers: &HeaderMap) -> Option<Verdict> {
        let mut statuses = self.statuses.iter();
        statuses.find_map(|of_status| of_status(status, headers))
    }

    pub(super) fn of_error(&self, error: &dyn Any) -> Option<Verdict> {
        self.errors.iter().find_map(|of_error| of_error(error))
    }
}
