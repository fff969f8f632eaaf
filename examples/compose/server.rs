//! An axum server with a quota for each API key and a circuit for its handlers.

use axum::{Router, http::HeaderName};
use tower::ServiceBuilder;
use tower_circuit_breaker::{
    CircuitBreakerLayer, HttpCircuitBreakerLayer, HttpClassifier, Verdict,
};
use tower_quota::{HttpQuotaLayer, Limit};

/// Whoever asks more than `per_minute` times a minute is answered 429; while `app` fails, callers are answered
/// 503 at once.
pub fn guarded(app: Router, per_minute: u64) -> Router {
    let api_key = HeaderName::from_static("x-api-key");
    let health = HttpClassifier::new()
        // In a server that is about one caller.
        .status(|status, _| (status == 429).then_some(Verdict::Ignored));
    app.layer(
        ServiceBuilder::new()
            .layer(HttpQuotaLayer::by_header(
                Limit::calls_per_minute(per_minute),
                api_key,
            ))
            .layer(HttpCircuitBreakerLayer::of(
                CircuitBreakerLayer::new(health).consecutive_failures(5),
            )),
    )
}
