use super::{caller::Caller, events, json, question::Question, wants::Wants};
use crate::App;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use tower_bedrock::Error;

/// Each argument refuses what it cannot read; an error of the stack is a response by itself.
pub(crate) async fn chat(
    State(app): State<App>,
    wants: Wants,
    caller: Caller,
    question: Question,
) -> Result<Response, Error> {
    Ok(match wants {
        Wants::Json => json::answer(app, caller, question).await?.into_response(),
        Wants::Events => events::answer(app, caller, question).await?.into_response(),
    })
}
