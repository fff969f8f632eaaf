use crate::{
    error::Error,
    heap::{COUNTS, Heap},
    operation::Operation,
    record::{Recording, Replay},
    response::{Origin, Reply, Usage},
    stream::is_live,
};
use std::{any::Any, fmt, sync::Arc};
use tower_response_cache::CacheStatus;

/// What the cache holds: an output of any operation, or an error on its way to those who wait for one
/// call. The key names the operation, so the type is always the caller's own.
///
/// As bytes, for a store outside the process, it is the HTTP response of Bedrock, since the SDK makes
/// an output of nothing else. So an answer has bytes only with
/// [`Bedrock::with_raw_responses`](crate::Bedrock::with_raw_responses), or in a
/// [`StackLayer`](crate::StackLayer) whose cache has a remote store; a stream, which is recorded, has them
/// anyway. Bytes that are damaged or of another version are no answer.
#[derive(Clone)]
pub struct Answer(pub(super) Kind);

#[derive(Clone)]
pub(super) enum Kind {
    Output(Arc<Output>),
    Failed(Error),
}

pub(super) struct Output {
    pub(super) operation: &'static str,
    pub(super) output: Arc<dyn Any + Send + Sync>,
    pub(super) usage: Option<Usage>,
    pub(super) origin: Origin,
}

impl Answer {
    /// With the shared name of its model.
    pub(super) fn of<I: Operation>(
        response: &I::Response,
        model_id: Option<Arc<str>>,
    ) -> Option<Self> {
        Some(Self(Kind::Output(Arc::new(Output {
            operation: I::NAME,
            output: response.shared()?,
            usage: response.meta().usage(),
            origin: Origin {
                model_id,
                ..response.meta().origin.clone()
            },
        }))))
    }

    /// A stream that has ended.
    pub(super) fn recorded(
        operation: &'static str,
        recording: Recording,
        usage: Option<Usage>,
        origin: Origin,
    ) -> Self {
        Self(Kind::Output(Arc::new(Output {
            operation,
            output: Arc::new(recording),
            usage,
            origin,
        })))
    }

    /// The bytes of an answer whose output has `output` of them.
    pub(super) fn weight(output: u64, origin: &Origin) -> u64 {
        let around = COUNTS + size_of::<Output>() + origin.heap();
        output.saturating_add(around as u64)
    }

    /// Whether it is a stream that is still being read.
    pub(super) fn goes_on(&self) -> bool {
        match &self.0 {
            Kind::Output(output) => is_live(&*output.output),
            Kind::Failed(_) => false,
        }
    }

    pub(super) fn failed(error: Error) -> Self {
        Self(Kind::Failed(error))
    }

    /// A response of an operation, if this is one of it.
    pub(super) fn response<I: Operation>(
        &self,
        status: CacheStatus,
        replay: Replay,
    ) -> Option<Result<I::Response, Error>> {
        let Output {
            output,
            usage,
            origin,
            ..
        } = match &self.0 {
            Kind::Output(output) => &**output,
            Kind::Failed(error) => return Some(Err(error.clone())),
        };
        let of_stream = output.downcast_ref::<Recording>().and_then(I::of_stream);
        let output = match of_stream {
            Some(message) => Arc::new(message) as _,
            None => Arc::clone(output),
        };
        I::Response::from_shared(output, *usage, origin.clone(), status, replay).map(Ok)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}
