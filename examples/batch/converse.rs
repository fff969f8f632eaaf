//! Conversations between JSON and the SDK's types, which read and write none themselves.

use aws_sdk_bedrockruntime::{
    error::BuildError,
    operation::converse::{ConverseInput, ConverseOutput},
    types::{
        ContentBlock, ConversationRole, ConverseOutput as Output, InferenceConfiguration, Message,
        SystemContentBlock,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The part of a Converse body that this example sends: text, and the inference settings.
///
/// Anything else is refused by its name rather than left out.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Conversation {
    messages: Vec<Turn>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    system: Vec<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inference_config: Option<Inference>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    role: Role,
    content: Vec<Text>,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Assistant,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Inference {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_sequences: Option<Vec<String>>,
}

impl Conversation {
    pub(crate) fn of_prompt(prompt: &str, max_tokens: i32) -> Self {
        let text = prompt.to_owned();
        Self {
            messages: vec![Turn {
                role: Role::User,
                content: vec![Text { text }],
            }],
            system: Vec::new(),
            inference_config: Some(Inference {
                max_tokens: Some(max_tokens),
                ..Inference::default()
            }),
        }
    }

    pub(crate) fn input(&self, model: &str) -> Result<ConverseInput, BuildError> {
        let messages = self
            .messages
            .iter()
            .map(Turn::message)
            .collect::<Result<_, _>>()?;
        let system = self
            .system
            .iter()
            .map(|part| SystemContentBlock::Text(part.text.clone()));
        let inference = self.inference_config.as_ref().map(|inference| {
            InferenceConfiguration::builder()
                .set_max_tokens(inference.max_tokens)
                .set_temperature(inference.temperature)
                .set_top_p(inference.top_p)
                .set_stop_sequences(inference.stop_sequences.clone())
                .build()
        });
        ConverseInput::builder()
            .model_id(model)
            .set_messages(Some(messages))
            .set_system((!self.system.is_empty()).then(|| system.collect()))
            .set_inference_config(inference)
            .build()
    }
}

impl Turn {
    fn message(&self) -> Result<Message, BuildError> {
        let role = match self.role {
            Role::User => ConversationRole::User,
            Role::Assistant => ConversationRole::Assistant,
        };
        let content = self
            .content
            .iter()
            .map(|part| ContentBlock::Text(part.text.clone()));
        Message::builder()
            .role(role)
            .set_content(Some(content.collect()))
            .build()
    }
}

/// An answer as Converse has it on the wire: its text, why it ended, and what it used.
pub(crate) fn answer_json(output: &ConverseOutput) -> Value {
    let mut answer = Map::new();
    if let Some(Output::Message(message)) = &output.output {
        let content: Vec<Value> = message
            .content
            .iter()
            .filter_map(|block| block.as_text().ok())
            .map(|text| json!({ "text": text }))
            .collect();
        let message = json!({ "role": message.role.as_str(), "content": content });
        answer.insert("output".to_owned(), json!({ "message": message }));
    }
    answer.insert("stopReason".to_owned(), output.stop_reason.as_str().into());
    if let Some(usage) = &output.usage {
        let usage = json!({
            "inputTokens": usage.input_tokens,
            "outputTokens": usage.output_tokens,
            "totalTokens": usage.total_tokens,
        });
        answer.insert("usage".to_owned(), usage);
    }
    Value::Object(answer)
}
