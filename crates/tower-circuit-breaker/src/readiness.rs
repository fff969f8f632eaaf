use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::shared::{Permit, Shard};

/// Whether a service that is [not ready while open] may be called.
///
/// It belongs to one service: a clone has to wait for its own leave.
///
/// [not ready while open]: crate::CircuitBreakerLayer::not_ready_while_open
#[derive(Default)]
pub(crate) enum Readiness {
    /// The circuit has to be asked, in `poll_ready` or in `call`.
    #[default]
    Unknown,
    Waiting(Pin<Box<dyn Future<Output = Permit> + Send + Sync>>),
    /// The next call's leave. It is given back where that never comes.
    Permitted(Permit),
}

impl Readiness {
    #[cold]
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        shard: impl FnOnce() -> Option<Arc<Shard>>,
    ) -> Poll<()> {
        if matches!(self, Self::Permitted(permit) if !permit.is_current()) {
            *self = Self::Unknown;
        }
        if matches!(self, Self::Unknown) {
            let Some(shard) = shard().filter(|shard| !shard.admits_all()) else {
                return Poll::Ready(());
            };
            *self = Self::Waiting(Box::pin(Permit::when_admitted(shard)));
        }
        if let Self::Waiting(waiting) = self {
            let permit = ready!(waiting.as_mut().poll(cx));
            *self = Self::Permitted(permit);
        }
        Poll::Ready(())
    }

    #[cold]
    pub(crate) fn take(&mut self) -> Option<Permit> {
        match std::mem::take(self) {
            Self::Permitted(permit) => Some(permit),
            Self::Unknown | Self::Waiting(_) => None,
        }
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown",
            Self::Waiting(_) => "waiting",
            Self::Permitted(_) => "permitted",
        })
    }
}
