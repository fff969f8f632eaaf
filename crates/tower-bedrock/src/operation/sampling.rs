/// How a request has its answer drawn, as far as it says so.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sampling {
    /// The most output tokens.
    pub(crate) max_tokens: Option<u64>,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
}

/// The number that a caller wrote, who may have written 0.7: as a `f64` alone it is 0.699999988.
pub(super) fn as_written(number: f32) -> f64 {
    (f64::from(number) * 1e6).round() / 1e6
}
