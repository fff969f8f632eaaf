use tower_layer::Layer;

/// The place of a layer that a [`StackLayer`](crate::StackLayer) is without: its service is the inner
/// one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Off;

impl<S> Layer<S> for Off {
    type Service = S;

    fn layer(&self, inner: S) -> S {
        inner
    }
}
