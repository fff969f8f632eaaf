use super::{Operation, details::UnaryDetails};
use crate::response::Response;

/// An [`Operation`] that is answered as a whole, with a [`Response`] of its SDK output.
///
/// Implemented for `ConverseInput`, `InvokeModelInput`, `CountTokensInput` and
/// `ApplyGuardrailInput`.
pub trait UnaryOperation:
    Operation<Output: Clone, Response = Response<<Self as Operation>::Output>> + UnaryDetails
{
}

impl<I> UnaryOperation for I where
    I: Operation<Output: Clone, Response = Response<<I as Operation>::Output>> + UnaryDetails
{
}
