use std::fmt;

/// Why something is not a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidFault(pub(crate) String);

impl InvalidFault {
    /// What the knob asserts, for a rate that came as JSON.
    pub(super) fn check_rate(rate: Option<f64>) -> Result<(), Self> {
        match rate {
            Some(rate) if !(0.0..=1.0).contains(&rate) => {
                Err(Self(format!("`rate` is from 0 to 1, not {rate}")))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for InvalidFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidFault {}
