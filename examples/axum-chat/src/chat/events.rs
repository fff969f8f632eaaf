use super::{account::Account, caller::Caller, question::Question};
use crate::App;
use aws_sdk_bedrockruntime::types::ConverseStreamOutput;
use axum::response::{
    IntoResponse,
    sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use serde_json::json;
use tower::ServiceExt;
use tower_bedrock::{Error, TextStream};

/// What fails before the first event has a status of its own. After that a `text` event follows for each
/// piece, and one that ends it: `done`, or `error` with the problem that another status would have told.
///
/// A caller that leaves drops the stream, which closes the connection to Bedrock.
pub(super) async fn answer(
    app: App,
    caller: Caller,
    question: Question,
) -> Result<impl IntoResponse, Error> {
    let stream = app
        .bedrock
        .oneshot(caller.asks(question.streamed()))
        .await?;
    let events = Sse::new(events(stream.text())).keep_alive(KeepAlive::new());
    // nginx would hold the pieces back otherwise.
    Ok(([("x-accel-buffering", "no")], events))
}

fn events(
    text: TextStream<ConverseStreamOutput>,
) -> impl Stream<Item = Result<Event, axum::Error>> {
    stream::unfold(Some(text), |text| async {
        let mut text = text?;
        Some(match text.recv().await {
            Ok(Some(piece)) => (event("text", json!({ "text": piece })), Some(text)),
            Ok(None) => (event("done", Account::from(text.get_ref().meta())), None),
            Err(error) => {
                tracing::warn!(%error, "stream broke off");
                (event("error", error.problem()), None)
            }
        })
    })
}

fn event(name: &str, data: impl serde::Serialize) -> Result<Event, axum::Error> {
    Event::default().event(name).json_data(data)
}
