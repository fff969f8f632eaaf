use crate::limit::Limit;

/// Why a call is not lined up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal<'a> {
    /// The limit never holds that much.
    ExceedsLimit(&'a Limit),
    /// The server has no more for long, until then.
    Exhausted(u64),
    /// The server throttles calls of that size and answers smaller ones, of so many tokens.
    SeemsTooLarge { answered: u64 },
}
