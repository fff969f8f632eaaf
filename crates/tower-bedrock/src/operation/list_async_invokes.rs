use super::{
    Ending, Operation,
    details::{Details, UnaryDetails, plumbing},
};
use crate::response::{Head, Response, Usage};
use aws_sdk_bedrockruntime::operation::list_async_invokes::{
    ListAsyncInvokes, ListAsyncInvokesError, ListAsyncInvokesInput, ListAsyncInvokesOutput,
};

impl Operation for ListAsyncInvokesInput {
    type Response = Response<ListAsyncInvokesOutput>;
    type Output = ListAsyncInvokesOutput;
    type Error = ListAsyncInvokesError;

    const NAME: &'static str = "ListAsyncInvokes";

    fn model_id(&self) -> Option<&str> {
        None
    }
}

impl Details for ListAsyncInvokesInput {
    const DRAWS_TOKENS: bool = false;

    /// Whoever asks how far jobs are wants to know it now.
    const CACHED: bool = false;

    plumbing!(
        ListAsyncInvokes,
        list_async_invokes,
        ListAsyncInvokesInput,
        ListAsyncInvokesOutput,
        ListAsyncInvokesError,
        {
            set_submit_time_after: submit_time_after,
            set_submit_time_before: submit_time_before,
            set_status_equals: status_equals,
            set_max_results: max_results,
            set_next_token: next_token,
            set_sort_by: sort_by,
            set_sort_order: sort_order,
        }
    );

    fn outline(&self) -> Self {
        self.clone()
    }

    fn is_sampled(&self) -> bool {
        false
    }

    fn ending(_: &Response<ListAsyncInvokesOutput>) -> Ending {
        Ending::Other
    }

    fn weight(_: &Response<ListAsyncInvokesOutput>) -> u64 {
        size_of::<ListAsyncInvokesOutput>() as u64
    }
}

impl UnaryDetails for ListAsyncInvokesInput {
    fn usage(_: &ListAsyncInvokesOutput, _: &Head) -> Option<Usage> {
        None
    }
}
