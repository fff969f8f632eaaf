use std::{fmt, sync::Arc};

use super::{GiveUpEvent, RetryEvent};

type Callback<E> = Arc<dyn Fn(&E) + Send + Sync>;

/// Whom to tell of retries and of calls given up.
///
/// Runs in the future of the call, outside locks, once everything else is as it should be: a panic
/// in one of these ends that call and nothing else.
#[derive(Clone, Default)]
pub(crate) struct Callbacks {
    pub(crate) retry: Option<Callback<RetryEvent>>,
    pub(crate) give_up: Option<Callback<GiveUpEvent>>,
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callbacks")
            .field("retry", &self.retry.is_some())
            .field("give_up", &self.give_up.is_some())
            .finish()
    }
}
