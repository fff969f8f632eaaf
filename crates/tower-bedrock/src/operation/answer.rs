use super::UnaryOperation;
use crate::{
    error::Error,
    response::{Head, Response},
};

/// The response of an answer with this head, if it is one.
pub(crate) fn answer<I: UnaryOperation>(
    output: I::Output,
    head: Head,
) -> Result<Response<I::Output>, Error> {
    if head.is_empty || !I::is_answer(&output) {
        return Err(Error::unreadable(I::NAME, head.request_id.as_deref()));
    }
    let usage = I::usage(&output, &head);
    Ok(Response::answered(output, usage, head))
}
