/// What the knobs of the layer set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) finish_abandoned: bool,
    pub(crate) name: &'static str,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            finish_abandoned: false,
            name: "default",
        }
    }
}
