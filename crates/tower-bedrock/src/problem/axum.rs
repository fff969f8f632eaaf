//! Errors as handlers of axum return them.

use super::Problem;
use crate::error::Error;
use axum_core::response::{IntoResponse, Response};

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.into()
    }
}

/// The [`problem`](Error::problem) of the error. The error itself is among the response's extensions, for
/// a middleware that logs what the caller is not told.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.problem().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
