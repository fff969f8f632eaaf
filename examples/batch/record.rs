//! One record, and the call it makes.

use crate::converse::{Conversation, answer_json};
use aws_sdk_bedrockruntime::{operation::invoke_model::InvokeModelInput, primitives::Blob};
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use std::error::Error as StdError;
use tower::ServiceExt;
use tower_bedrock::{Error, Request, Stack};

/// A record of the input.
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) payload: Payload,
    /// What the record asks, as it is spelled in the input.
    pub(crate) input: Box<RawValue>,
}

/// The operation that a record is for.
pub(crate) enum Payload {
    /// `input` is the very body.
    InvokeModel,
    /// `input`, read.
    Converse(Conversation),
}

/// The model's output as JSON.
pub(crate) type Answer = Value;

/// Why a record has no answer, as Bedrock's batch output has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure {
    error_code: String,
    error_message: String,
}

impl Record {
    /// Sends the record to `model` and waits until it is answered or given up.
    pub(crate) async fn send(&self, stack: Stack, model: &str) -> Result<Answer, Failure> {
        match &self.payload {
            Payload::InvokeModel => {
                let input = InvokeModelInput::builder()
                    .model_id(model)
                    .content_type("application/json")
                    .accept("application/json")
                    .body(Blob::new(self.input.get()))
                    .build()
                    .map_err(unsendable)?;
                let output = stack.oneshot(Request::new(input)).await?;
                serde_json::from_slice(output.body.as_ref()).map_err(|error| Failure {
                    error_code: "UnreadableAnswer".to_owned(),
                    error_message: error.to_string(),
                })
            }
            Payload::Converse(conversation) => {
                let input = conversation.input(model).map_err(unsendable)?;
                let output = stack.oneshot(Request::new(input)).await?;
                Ok(answer_json(&output))
            }
        }
    }
}

fn unsendable(error: impl StdError) -> Failure {
    Failure {
        error_code: "UnusableRecord".to_owned(),
        error_message: error.to_string(),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error_code: error.code().unwrap_or(error.kind().as_str()).to_owned(),
            error_message: error.to_string(),
        }
    }
}
