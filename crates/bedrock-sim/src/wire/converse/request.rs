use serde_json::Value;

use super::{content, messages, tools};
use crate::model::Prompt;
use crate::wire::check::{JsonField, ServiceError};

/// Reads what Converse, `CountTokens` and Nova's own bodies share.
pub(crate) fn read(root: &JsonField<'_>) -> Result<Prompt, ServiceError> {
    let mut prompt = Prompt::default();
    let has_tools = tools::read(root, &mut prompt)?;
    if let Some(system) = root.get("system")? {
        for block in system.items()? {
            content::system_block(&block, &mut prompt)?;
        }
    }
    messages::read(root, has_tools, &mut prompt)?;
    inference(root, &mut prompt)?;
    if let Some(fields) = root.get("additionalModelRequestFields")? {
        for key in ["thinking", "reasoning_config", "reasoningConfig"] {
            prompt.reasons |= turns_reasoning_on(fields.value.get(key));
        }
    }
    match prompt.surplus_cache_points() {
        Some(complaint) => Err(ServiceError::validation(format!(
            "The model returned the following errors: {complaint}"
        ))),
        None => Ok(prompt),
    }
}

/// Whether a model's own setting makes it think aloud. What else it may say is the model's to check.
pub(crate) fn turns_reasoning_on(setting: Option<&Value>) -> bool {
    let kind = setting.and_then(|setting| setting.get("type"));
    kind.is_some_and(|kind| kind == "enabled" || kind == "adaptive")
}

fn inference(root: &JsonField<'_>, prompt: &mut Prompt) -> Result<(), ServiceError> {
    let Some(config) = root.get("inferenceConfig")? else {
        return Ok(());
    };
    let maximum = match config.get("maxTokens")? {
        None => config.get("max_new_tokens")?,
        maximum => maximum,
    };
    prompt.max_tokens = maximum.map(|maximum| maximum.count(1)).transpose()?;
    for key in ["temperature", "topP"] {
        if let Some(number) = config.get(key)? {
            number.between(0.0, 1.0)?;
        }
    }
    if let Some(sequences) = config.get("stopSequences")? {
        prompt.stop_sequences = stop_sequences(&sequences)?;
    }
    Ok(())
}

pub(crate) fn stop_sequences(sequences: &JsonField<'_>) -> Result<Vec<String>, ServiceError> {
    let mut texts = Vec::new();
    for sequence in sequences.items()? {
        if sequence.text()?.is_empty() {
            return Err(sequence.refuse("Member must have length greater than or equal to 1"));
        }
        texts.push(sequence.text()?.to_owned());
    }
    Ok(texts)
}
