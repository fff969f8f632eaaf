use std::sync::Arc;

use super::ScriptedAnswer;

/// What the user's code has the model say, by the last message.
#[derive(Clone)]
pub(crate) struct StandingAnswers(Arc<Ask>);

type Ask = dyn Fn(&str) -> Option<ScriptedAnswer> + Send + Sync;

impl StandingAnswers {
    pub(crate) fn new(
        answers: impl Fn(&str) -> Option<ScriptedAnswer> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(answers))
    }

    pub(crate) fn to(&self, last_user_text: &str) -> Option<ScriptedAnswer> {
        (self.0)(last_user_text)
    }
}
