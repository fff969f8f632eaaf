use crate::{error::Error, operation::Operation, request::Request};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use std::sync::Arc;

/// What the SDK is given of a request, once for each attempt.
pub(super) struct Given<I> {
    /// The bytes to send. None if the SDK serializes the input itself; also if it cannot, for it says
    /// better what is wrong.
    made: Option<Arc<HttpRequest>>,
    input: Input<I>,
}

enum Input<I> {
    /// Enough for a call whose bytes are made already.
    Outline(I),
    /// All of it, for interceptors to look at. A box, for hardly any client has one.
    Whole(Box<Request<I>>),
}

impl<I: Operation> Given<I> {
    /// For a client that has interceptors, if it is `watched`.
    pub(super) fn of(request: Request<I>, watched: bool) -> Self {
        if I::COMPLETED_BY_SDK {
            // What the SDK adds is not in any bytes that were made before.
            Self {
                made: None,
                input: Input::Whole(Box::new(request)),
            }
        } else if watched {
            Self {
                made: request.clone().into_sent().ok(),
                input: Input::Whole(Box::new(request)),
            }
        } else {
            // The request goes away before the call, and with it the last copy of a prompt.
            let outline = request.outline();
            Self {
                made: request.into_sent().ok(),
                input: Input::Outline(outline),
            }
        }
    }

    pub(super) fn made(&self) -> Option<Arc<HttpRequest>> {
        self.made.clone()
    }

    pub(super) fn input(&self) -> I {
        match &self.input {
            Input::Outline(outline) => outline.clone(),
            // Nobody may change the input that clones of the request share.
            Input::Whole(request) => request.for_attempt().into_owned(),
        }
    }

    /// The error without what it repeats of the request.
    pub(super) fn hidden_from(&self, mut error: Error) -> Error {
        let made = match (&self.made, &self.input) {
            (None, Input::Whole(request)) => request.encoded().ok(),
            (made, _) => made.as_ref(),
        };
        if let Some(body) = made.and_then(|made| made.body().bytes()) {
            error.hide_echo(body);
        }
        error
    }

    pub(super) fn shown(&self) -> Option<Request<I>> {
        match &self.input {
            Input::Outline(_) => None,
            Input::Whole(request) => Some(Request::clone(request)),
        }
    }
}
