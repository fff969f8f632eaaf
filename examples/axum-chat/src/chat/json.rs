use super::{account::Account, caller::Caller, question::Question};
use crate::App;
use axum::Json;
use serde::Serialize;
use tower::ServiceExt;
use tower_bedrock::Error;

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    text: String,
    #[serde(flatten)]
    account: Account,
}

/// The whole answer. A caller that leaves drops the call, and with that all that it holds.
pub(super) async fn answer(
    app: App,
    caller: Caller,
    question: Question,
) -> Result<Json<Answer>, Error> {
    let response = app.bedrock.oneshot(caller.asks(question.whole())).await?;
    let message = response
        .output()
        .and_then(|output| output.as_message().ok());
    let blocks = message.map_or(&[][..], |message| message.content());
    let texts = blocks.iter().filter_map(|block| block.as_text().ok());
    Ok(Json(Answer {
        text: texts.map(String::as_str).collect(),
        account: response.meta().into(),
    }))
}
