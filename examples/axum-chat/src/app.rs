use crate::{chat, health, log, metrics, page, status};
use axum::{
    Router, middleware,
    routing::{get, post},
};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use tower::Layer;
use tower_bedrock::{Bedrock, Stack, StackLayer, stack::Handle, telemetry::Gauges};

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) bedrock: Stack,
    pub(crate) handle: Handle,
    pub(crate) gauges: Arc<Gauges>,
    /// The first one is the default.
    pub(crate) models: Arc<[String]>,
    pub(crate) longest: Duration,
    pub(crate) draining: CancellationToken,
}

impl App {
    /// Serves `models` by `bedrock` under `stack`; no call takes longer than `longest`.
    ///
    /// # Panics
    ///
    /// If there is no model.
    #[must_use]
    pub fn new(stack: &StackLayer, bedrock: Bedrock, models: &[String], longest: Duration) -> Self {
        assert!(!models.is_empty(), "at least one model is served");
        Self {
            bedrock: stack.layer(bedrock),
            gauges: Arc::new(Gauges::of(&stack.handle())),
            handle: stack.handle(),
            models: models.into(),
            longest,
            draining: CancellationToken::new(),
        }
    }

    /// All routes.
    pub fn router(self) -> Router {
        Router::new()
            .route("/chat", post(chat::chat))
            .route("/status", get(status::status))
            .route("/healthz", get(health::healthz))
            .route("/metrics", get(metrics::metrics))
            .merge(page::routes())
            .layer(middleware::map_response(log::failures))
            .with_state(self)
    }
}
