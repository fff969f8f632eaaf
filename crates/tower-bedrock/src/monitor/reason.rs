/// Why there is [`Advice`](super::Advice).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// Calls set no `max_tokens`, so Bedrock charges each the model's maximum until it ends.
    Unset {
        /// How many.
        calls: u64,
    },
    /// The model is an ARN, and nothing says which model it stands for: its calls have a ledger of
    /// their own, and the burndown and maximum of an unknown model.
    UnknownModel,
    /// Calls reserve far more than they are charged in the end.
    OverReserved {
        /// How many times more, on average over the answers.
        ratio: f64,
    },
}

impl Reason {
    /// The reason's name in `snake_case`, for logs and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unset { .. } => "unset",
            Self::UnknownModel => "unknown_model",
            Self::OverReserved { .. } => "over_reserved",
        }
    }
}
