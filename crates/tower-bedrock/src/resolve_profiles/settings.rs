use crate::policy::Profiles;
use std::{error::Error, fmt, future::Future, pin::Pin, time::Duration};

pub(super) struct Settings {
    pub(super) table: Profiles,
    pub(super) ask: Option<Box<Ask>>,
    pub(super) patience: Duration,
    pub(super) pause: Duration,
}

/// Asks for the ARNs of the models behind an ARN.
type Ask = dyn Fn(String) -> Answer + Send + Sync;

pub(super) type Answer = Pin<Box<dyn Future<Output = Result<Vec<String>, BoxError>> + Send>>;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

impl Settings {
    pub(super) fn new(table: Profiles) -> Self {
        Self {
            table,
            ask: None,
            patience: Duration::from_secs(5),
            pause: Duration::from_secs(60),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("table", &self.table)
            .field("asks", &self.ask.is_some())
            .field("patience", &self.patience)
            .field("pause", &self.pause)
            .finish()
    }
}
