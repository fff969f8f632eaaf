use crate::App;
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use tower_bedrock::tower_circuit_breaker::State as Circuit;

#[derive(Debug, Serialize)]
pub(crate) struct Health {
    status: &'static str,
    open_circuits: Vec<Open>,
}

#[derive(Debug, Serialize)]
struct Open {
    model: String,
    /// In seconds; 0 if the next call asks again.
    asks_again_in: u64,
}

/// `GET /healthz`, for whoever sends calls here and may send them elsewhere: 503 while the server shuts
/// down, or no model can be asked. A server that is restarted for the latter gains nothing.
pub(crate) async fn healthz(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let snapshot = app.handle.snapshot();
    let circuits = snapshot.models.iter().filter_map(|model| {
        let circuit = model.circuit.as_ref()?;
        let wait = circuit.until_half_open.unwrap_or_default();
        (circuit.state == Circuit::Open).then(|| Open {
            model: model.key.to_string(),
            asks_again_in: wait.as_secs_f64().ceil() as u64,
        })
    });
    let open_circuits: Vec<_> = circuits.collect();
    let (code, status) = if app.draining.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining")
    } else if open_circuits.len() >= app.models.len() {
        (StatusCode::SERVICE_UNAVAILABLE, "no model can be asked")
    } else if open_circuits.is_empty() {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::OK, "some models cannot be asked")
    };
    let health = Health {
        status,
        open_circuits,
    };
    (code, Json(health))
}
