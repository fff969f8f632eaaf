//! Guides, one for each question.

#[doc = "[The meter]: meter"]
#[doc = "[Throttles]: throttles"]
#[doc = ""]
#[doc = include_str!("../docs/when-it-waits.md")]
pub mod when_it_waits {}

#[doc = "[Throttles]: throttles"]
#[doc = ""]
#[doc = include_str!("../docs/meter.md")]
pub mod meter {}

#[doc = "[The meter]: meter"]
#[doc = ""]
#[doc = include_str!("../docs/throttles.md")]
pub mod throttles {}

#[doc = include_str!("../docs/telemetry.md")]
pub mod telemetry {}

#[doc = include_str!("../docs/running-it.md")]
pub mod running_it {}

#[doc = include_str!("../docs/http.md")]
pub mod http {}

#[cfg(feature = "shared")]
#[doc = include_str!("../docs/several-processes.md")]
pub mod several_processes {}
