use super::Off;

/// A layer of the stack, and whether the user gave it.
#[derive(Clone)]
pub(super) struct Part<L> {
    pub(super) layer: L,
    pub(super) given: bool,
}

impl<L> Part<L> {
    pub(super) const fn default(layer: L) -> Self {
        let given = false;
        Self { layer, given }
    }

    /// The default one was taken by nobody. One that the user gave may have been: its handles would
    /// show nothing any more.
    #[track_caller]
    pub(super) fn give(&mut self, layer: L, knob: &str) {
        assert!(!self.given, "`{knob}` of a `StackLayer` is given once");
        let given = true;
        *self = Self { layer, given };
    }

    /// Leaves it out, on the same condition.
    #[track_caller]
    pub(super) fn leave_out(self, knob: &str) -> Part<Off> {
        assert!(
            !self.given,
            "`{knob}` of a `StackLayer` is given and left out"
        );
        Part::default(Off)
    }
}
