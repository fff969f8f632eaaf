use super::{Operation, details::UnaryDetails};
use crate::response::Response;

/// An [`Operation`] that is answered as a whole, with a [`Response`] of its SDK output.
///
/// Implemented for `ConverseInput`, `InvokeModelInput`, `CountTokensInput`, `ApplyGuardrailInput`,
/// `InvokeGuardrailChecksInput`, `StartAsyncInvokeInput`, `GetAsyncInvokeInput` and
/// `ListAsyncInvokesInput`.
///
/// A cache takes no part in the last three. Attempts of one `StartAsyncInvoke`, and clones of its
/// [`Request`](crate::Request), start one job: they have one `clientRequestToken`, the input's own or
/// one that the SDK makes for the first of them. Another job takes another request.
pub trait UnaryOperation:
    Operation<Output: Clone, Response = Response<<Self as Operation>::Output>> + UnaryDetails
{
}

impl<I> UnaryOperation for I where
    I: Operation<Output: Clone, Response = Response<<I as Operation>::Output>> + UnaryDetails
{
}
