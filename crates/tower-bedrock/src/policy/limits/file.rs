//! Reads a table of quotas from TOML.

use super::{error::QuotasError, format::Format, mistake, quotas::Quotas};
use serde::Deserialize;
use std::{fs, path::Path};
use toml::Deserializer;

/// From a file, with the feature `toml`.
#[cfg_attr(docsrs, doc(cfg(feature = "toml")))]
impl Quotas {
    /// Reads a table from TOML.
    ///
    /// ```
    /// let quotas = tower_bedrock::policy::Quotas::from_toml(r#"
    ///     tokens_per_day = 500_000_000 # of all models together
    ///
    ///     [models."us.anthropic.claude-sonnet-4-5-20250929-v1:0"]
    ///     tokens_per_minute = 200_000
    ///
    ///     [profiles] # what ARNs stand for
    ///     "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6" = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    ///
    ///     [regions.eu-west-1.models."eu.amazon.nova-micro-v1:0"]
    ///     tokens_per_minute = 4_000_000
    ///     tokens_per_day = 1_000_000_000
    /// "#)?;
    /// # Ok::<_, tower_bedrock::policy::QuotasError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is not TOML, has members that are not known, limits that are not whole numbers, models
    /// without a limit or spelled twice, ARNs that stand for no model, or ids and Regions that cannot be; the first such place is told.
    pub fn from_toml(text: &str) -> Result<Self, QuotasError> {
        let parsed = Deserializer::parse(text).map_err(|error| mistake::syntax(text, &error))?;
        let format = Format::deserialize(parsed).map_err(|error| mistake::meaning(text, &error))?;
        format.quotas(text)
    }

    /// Reads a table from a TOML file, at once: in an async program do so before it serves, or on
    /// a thread that may block.
    ///
    /// # Errors
    ///
    /// As [`from_toml`](Self::from_toml), and if the file cannot be read or is not UTF-8.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, QuotasError> {
        let path = path.as_ref();
        let text = read(path).map_err(|error| error.in_file(path))?;
        Self::from_toml(&text).map_err(|error| error.in_file(path))
    }
}

fn read(path: &Path) -> Result<String, QuotasError> {
    let bytes = fs::read(path).map_err(QuotasError::unreadable)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..good]);
        QuotasError::at(
            &text,
            &(good..good),
            "not UTF-8; save the file in that encoding",
        )
    })
}
