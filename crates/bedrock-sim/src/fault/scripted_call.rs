use crate::operation::Operation;

/// What a script looks at of a call.
#[derive(Clone, Copy)]
pub(crate) struct ScriptedCall<'a> {
    pub(crate) operation: Operation,
    /// The model's id, or the guardrail's.
    pub(crate) model: &'a str,
    /// The last user message of a call that invokes a model.
    pub(crate) prompt: Option<&'a str>,
}
