use crate::{App, refused::Refused};
use aws_sdk_bedrockruntime::{
    operation::{converse::ConverseInput, converse_stream::ConverseStreamInput},
    types::{ContentBlock, ConversationRole, InferenceConfiguration, Message},
};
use axum::{
    Json,
    extract::{FromRequest, Request, rejection::JsonRejection},
};
use serde::Deserialize;

/// Without it a call reserves all that the model can write.
const MAX_TOKENS: i32 = 512;

/// The body of a request, for a model that is served.
#[derive(Debug)]
pub(crate) struct Question {
    model: String,
    message: Message,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    prompt: String,
    model: Option<String>,
}

impl FromRequest<App> for Question {
    type Rejection = Refused;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refused> {
        let body = Json::<Body>::from_request(request, app).await;
        let Json(body) = body.map_err(|error: JsonRejection| {
            Refused::new(
                error.status(),
                format!("{error}; send {{\"prompt\": \"…\"}}"),
            )
        })?;
        if body.prompt.trim().is_empty() {
            return Err(Refused::bad("the prompt is empty; ask something"));
        }
        let model = body.model.unwrap_or_else(|| app.models[0].clone());
        if !app.models.contains(&model) {
            let served = app.models.join(", ");
            return Err(Refused::bad(format!("no such model; served: {served}")));
        }
        let message = Message::builder()
            .role(ConversationRole::User)
            .content(ContentBlock::Text(body.prompt))
            .build()
            .expect("role and content are given");
        Ok(Self { model, message })
    }
}

impl Question {
    pub(super) fn whole(self) -> ConverseInput {
        ConverseInput::builder()
            .model_id(self.model)
            .messages(self.message)
            .inference_config(limits())
            .build()
            .expect("nothing is required")
    }

    pub(super) fn streamed(self) -> ConverseStreamInput {
        ConverseStreamInput::builder()
            .model_id(self.model)
            .messages(self.message)
            .inference_config(limits())
            .build()
            .expect("nothing is required")
    }
}

fn limits() -> InferenceConfiguration {
    InferenceConfiguration::builder()
        .max_tokens(MAX_TOKENS)
        .build()
}
