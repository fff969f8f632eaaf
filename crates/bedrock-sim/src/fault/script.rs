use std::collections::VecDeque;

use fastrand::Rng;
use serde::{Deserialize, Serialize};

use crate::{Fault, InvalidFault, Operation};

/// What `--script FILE` and `POST /_sim/script` take: faults, and words a guardrail blocks.
///
/// In JSON either a plain array of faults or an object with `faults` and `guardrail_words`, both
/// optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Added behind the faults that still wait.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Added to the words that guardrails block.
    #[serde(default)]
    pub guardrail_words: Vec<String>,
}

impl Script {
    /// Reads a script from JSON.
    ///
    /// # Errors
    ///
    /// If it is not JSON, has an unknown key or value, or a fault that is not
    /// [valid](Fault::validate).
    pub fn from_json(json: &[u8]) -> Result<Self, InvalidFault> {
        let script = if json.trim_ascii_start().starts_with(b"[") {
            serde_json::from_slice(json).map(|faults| Self {
                faults,
                guardrail_words: Vec::new(),
            })
        } else {
            serde_json::from_slice(json)
        };
        let script: Self = script.map_err(|error| InvalidFault(error.to_string()))?;
        script.faults.iter().try_for_each(Fault::validate)?;
        Ok(script)
    }
}

/// The faults still to come.
#[derive(Debug, Default)]
pub(crate) struct PendingFaults {
    queue: VecDeque<(Fault, u64)>,
    random: Vec<(Fault, u64)>,
}

/// A fault that was found for a call and is not used up yet.
pub(crate) struct FoundFault {
    pub(crate) fault: Fault,
    place: Place,
}

enum Place {
    Queue(usize),
    Random(usize),
}

impl PendingFaults {
    pub(crate) fn push(&mut self, fault: Fault) {
        let times = fault.times;
        if times == Some(0) {
            return;
        }
        if fault.rate.is_some() {
            self.random.push((fault, times.unwrap_or(u64::MAX)));
        } else {
            self.queue.push_back((fault, times.unwrap_or(1)));
        }
    }

    /// The first fault of the queue that matches, or else the first random one that strikes.
    pub(crate) fn find(
        &self,
        operation: Operation,
        model: &str,
        rng: &mut Rng,
    ) -> Option<FoundFault> {
        let queued = self
            .queue
            .iter()
            .position(|(fault, _)| fault.matches(operation, model));
        if let Some(at) = queued {
            return Some(FoundFault {
                fault: self.queue[at].0.clone(),
                place: Place::Queue(at),
            });
        }
        // Every matching rate is drawn for every call, so that one fault's luck does not move
        // another's.
        let mut struck = None;
        for (at, (fault, _)) in self.random.iter().enumerate() {
            if fault.matches(operation, model) {
                let strikes = fault.rate.is_some_and(|rate| rng.f64() < rate);
                if strikes && struck.is_none() {
                    struck = Some(at);
                }
            }
        }
        struck.map(|at| FoundFault {
            fault: self.random[at].0.clone(),
            place: Place::Random(at),
        })
    }

    /// Uses up one time of a fault that [`find`](Self::find) found just before.
    pub(crate) fn take(&mut self, found: &FoundFault) {
        match found.place {
            Place::Queue(at) => {
                self.queue[at].1 -= 1;
                if self.queue[at].1 == 0 {
                    self.queue.remove(at);
                }
            }
            Place::Random(at) => {
                self.random[at].1 -= 1;
                if self.random[at].1 == 0 {
                    self.random.remove(at);
                }
            }
        }
    }
}
