use std::sync::Arc;

use crate::state::State;

/// What the budget was charged for a retry. Goes back unless the attempt is made.
#[derive(Debug)]
pub(crate) struct Charge {
    /// `None` once spent.
    state: Option<Arc<State>>,
    weight: u64,
}

impl Charge {
    /// For an amount that was withdrawn.
    pub(crate) fn new(state: Arc<State>, weight: u64) -> Self {
        Self {
            state: Some(state),
            weight,
        }
    }

    /// The attempt is made: the amount stays with the budget.
    pub(crate) fn spend(mut self) {
        self.state = None;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            state.refund(self.weight);
        }
    }
}
