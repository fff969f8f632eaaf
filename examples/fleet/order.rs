use serde::{Deserialize, Serialize};

use crate::load::Load;

/// Who makes the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Processes that share a quota.
    Fleet,
    /// One process with all their workers.
    One,
    /// Processes that know nothing of each other.
    Apart,
}

/// What a process is told at its start. It comes by its input and not by its arguments, which others on the machine
/// can see: there is a URL in it that may have a password.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) bedrock: String,
    /// Where the fleet meets, and by which name.
    pub(crate) fleet: Option<(String, String)>,
    pub(crate) cache: bool,
    pub(crate) load: Load,
    pub(crate) told: bool,
    pub(crate) seed: u64,
}

/// What a process says, a line each.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Said {
    /// It has its order, and can be given calls.
    Ready,
    /// A call is over.
    Done {
        call: usize,
        error: Option<String>,
        /// When calls were sent that Bedrock has let in since the line before, in milliseconds since 1970.
        admitted: Vec<u64>,
    },
}
