use super::Explain;
use crate::region::IntoRegion;
use std::sync::Arc;
use tower_layer::Layer;

/// Puts an [`Explain`] around services. The outermost of a [`StackLayer`](crate::StackLayer).
#[derive(Debug, Clone)]
pub struct ExplainLayer {
    region: Arc<str>,
}

impl ExplainLayer {
    /// A layer for calls that are sent to `region`, such as `"us-east-1"`.
    #[must_use]
    pub fn new(region: impl IntoRegion) -> Self {
        let region = region.into_region();
        Self { region }
    }
}

impl<S> Layer<S> for ExplainLayer {
    type Service = Explain<S>;

    fn layer(&self, inner: S) -> Explain<S> {
        Explain::new(inner, Arc::clone(&self.region))
    }
}
