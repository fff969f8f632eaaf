use aws_smithy_types::base64;
use serde_json::{Value, json};

use super::check::{Checker, JsonField, ServiceError, parse};
use super::{converse, family::Family};
use crate::model::is_foundation_model;

/// The answer to a request to count: the input tokens the same request would be charged for.
pub(crate) fn answer(model: &str, body: &[u8]) -> Result<Value, ServiceError> {
    if !is_foundation_model(model) {
        return Err(ServiceError::validation(
            "The provided model doesn't support counting tokens.",
        ));
    }
    // The request inside is read as the operation itself reads it, so that both count the same.
    let body = parse(body, Checker::Service)?;
    let (kind, input) = JsonField::root(&body, Checker::Service)
        .require("input")?
        .variant()?;
    let prompt = match kind {
        "converse" => converse::request::read(&input)?,
        "invokeModel" => {
            let encoded = input.require("body")?;
            let bytes = base64::decode(encoded.text()?)
                .map_err(|_| encoded.complain("input.invokeModel.body is not valid base 64"))?;
            Family::of(model)?.read_bytes(&bytes)?
        }
        _ => return Err(input.complain("input must be one of: invokeModel, converse")),
    };
    Ok(json!({"inputTokens": prompt.tokens()}))
}
