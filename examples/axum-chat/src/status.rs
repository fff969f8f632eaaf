use crate::App;
use axum::{Json, extract::State};
use serde::Serialize;
use tower_bedrock::stack::ModelSnapshot;

/// What the page shows of the stack.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    /// The first one is the default.
    served: Vec<String>,
    models: Vec<Model>,
    cache_hits: u64,
    cache_misses: u64,
    retries: u64,
}

#[derive(Debug, Serialize)]
struct Model {
    name: String,
    circuit: &'static str,
    limits: Vec<Limit>,
    under_way: u64,
    reserved_tokens: u64,
    waiting: usize,
    throttled: u64,
}

#[derive(Debug, Serialize)]
struct Limit {
    unit: String,
    seconds: u64,
    used: u64,
    /// `None` where nobody told it and nothing was throttled yet.
    amount: Option<u64>,
}

/// `GET /status`: one reading of all layers.
pub(crate) async fn status(State(app): State<App>) -> Json<Status> {
    let snapshot = app.handle.snapshot();
    let cache = snapshot.cache.unwrap_or_default();
    Json(Status {
        served: app.models.to_vec(),
        models: snapshot.models.iter().map(Model::of).collect(),
        cache_hits: cache.hits + cache.joins,
        cache_misses: cache.misses,
        retries: snapshot.retries.retries(),
    })
}

impl Model {
    fn of(model: &ModelSnapshot) -> Self {
        let quota = model.quota.as_ref();
        let circuit = model.circuit.as_ref();
        let limits = quota.map_or(&[][..], |quota| &quota.limits);
        Self {
            name: model.key.to_string(),
            circuit: circuit.map_or("closed", |circuit| circuit.state.as_str()),
            limits: limits
                .iter()
                .map(|used| Limit {
                    unit: used.limit.unit().to_string(),
                    seconds: used.limit.period().as_secs(),
                    used: used.used,
                    amount: used.amount,
                })
                .collect(),
            under_way: quota.map_or(0, |quota| quota.pending_calls),
            reserved_tokens: quota.map_or(0, |quota| quota.pending_tokens),
            waiting: quota.map_or(0, |quota| quota.queued),
            throttled: quota.map_or(0, |quota| quota.throttled),
        }
    }
}
