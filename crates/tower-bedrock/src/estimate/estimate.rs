/// What a request says of its cost, before anybody has counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Input tokens by rule of thumb, cached parts included.
    pub(crate) input_tokens: u64,
    /// The most output tokens that the request allows; `None` where it leaves that to the model.
    pub(crate) max_output_tokens: Option<u64>,
}
