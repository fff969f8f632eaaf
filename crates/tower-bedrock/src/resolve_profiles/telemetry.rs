//! Every log line. Called outside locks.

use std::error::Error;

/// AWS did not say what an ARN stands for.
#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
pub(super) fn failed(arn: &str, error: &(dyn Error + Send + Sync)) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "tower_bedrock::telemetry",
        arn,
        "{arn}: could not ask which model it stands for, so its calls have a quota of their own: \
         {error}"
    );
}
