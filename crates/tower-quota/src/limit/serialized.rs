//! Limits in a snapshot that processes share. The public types promise nothing of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::limit::Limit;
use super::unit::Unit;

#[derive(Serialize, Deserialize)]
#[serde(remote = "Limit")]
pub(crate) struct LimitFields {
    #[serde(with = "UnitNames")]
    unit: Unit,
    amount: u64,
    period: Duration,
    margin: Duration,
    burst: Option<u64>,
    window: bool,
    probing: bool,
    enforced: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Unit")]
pub(crate) enum UnitNames {
    Calls,
    Tokens,
}
