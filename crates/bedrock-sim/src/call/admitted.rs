use std::future::pending;

use tokio::time::{Instant, sleep_until};

use super::{admission::Admission, refusal::Refusal};
use crate::fault::{Fault, FaultKind, Stage};
use crate::model::{Answer, Latency};

/// A call that was let in.
pub(super) struct Admitted {
    pub(super) started: Instant,
    pub(super) latency: Latency,
    pub(super) admission: Admission,
    pub(super) answer: Answer,
    pub(super) fault: Option<Fault>,
}

impl Admitted {
    /// Plays a fault that keeps the model's answer from the caller.
    pub(super) async fn strike(&mut self) -> Result<(), Refusal> {
        let whole = self.answer.usage.output;
        let Some(fault) = self
            .fault
            .as_ref()
            .filter(|fault| fault.stage() == Stage::AtModel)
        else {
            return Ok(());
        };
        let (kind, error) = (fault.kind, fault.error());
        match kind {
            FaultKind::ModelTimeout | FaultKind::ConnectionReset => {
                self.pause_until(whole).await;
                self.admission.produced(whole);
            }
            // Said ahead of the wait: a caller that gives up meanwhile pays the same.
            FaultKind::ModelError | FaultKind::ModelStreamError => {
                self.admission.produced(0);
                self.pause_until(1).await;
            }
            FaultKind::Hang => {
                self.admission.produced(0);
                pending::<()>().await;
            }
            _ => return Ok(()),
        }
        Err(error.map_or(Refusal::Reset, Refusal::Error))
    }

    /// Waits until `tokens` output tokens are there.
    pub(super) async fn pause_until(&self, tokens: u64) {
        let due = self.started + self.latency.until(tokens);
        if due > Instant::now() {
            sleep_until(due).await;
        }
    }
}
