/// What the knobs of the layer set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) finish_abandoned: bool,
}

#[allow(clippy::derivable_impls, reason = "each default is to be read here")]
impl Default for Settings {
    fn default() -> Self {
        Self {
            finish_abandoned: false,
        }
    }
}
