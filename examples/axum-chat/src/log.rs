use axum::response::Response;
use tower_bedrock::Error;

/// Logs what the caller is not told: an error that became a response is among its extensions.
pub(crate) async fn failures(response: Response) -> Response {
    if let Some(error) = response.extensions().get::<Error>() {
        tracing::warn!(status = response.status().as_u16(), %error, "call failed");
    }
    response
}
