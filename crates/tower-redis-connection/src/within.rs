use std::{future::Future, time::Duration};

use crate::error::RedisServerError;

/// The answer of `question`, if it comes within `limit`.
///
/// # Errors
///
/// That of the question, or that the server cannot be reached if it takes longer.
pub async fn within<T, E: Into<RedisServerError>>(
    limit: Duration,
    question: impl Future<Output = Result<T, E>>,
) -> Result<T, RedisServerError> {
    match tokio::time::timeout(limit, question).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(_) => Err(RedisServerError::too_late()),
    }
}
