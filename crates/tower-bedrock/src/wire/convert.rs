use super::{
    EncodeError,
    canonical::{body, head},
};
use crate::{
    error::Error,
    operation::{Operation, UnaryOperation, answer},
    response::{Head, Response},
};
use aws_sdk_bedrockruntime::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};

/// The HTTP request for `input`, as it is before the endpoint and a signature are put to it: its
/// URI is a path, and its headers are those that the input asks for.
///
/// The members of its JSON maps stand in a new order each time; see [`canonical`].
///
/// # Errors
///
/// If the SDK cannot serialize the input: it names no model, say.
pub fn encode<I: Operation>(input: &I) -> Result<http::Request<Bytes>, EncodeError> {
    let (head, body) = serialize(input.clone())?
        .try_into_http1x()
        .map_err(EncodeError::new)?
        .into_parts();
    let body = body.bytes().map(Bytes::copy_from_slice).unwrap_or_default();
    Ok(http::Request::from_parts(head, body))
}

/// The HTTP request for `input` as text, the same for equal inputs: what a
/// [`CacheKey`](crate::CacheKey) is the digest of.
///
/// One line of method and path, where a system profile's or a model's ARN is its id; a line for each header in the order of their names, an empty line,
/// and the body. A JSON body has no white space and the members of each object in the order of
/// their names; numbers and strings keep their very spelling. A body that is not JSON, or is nested
/// more than 256 deep, stands as it is. What Bedrock logs and does not read, `requestMetadata`, is
/// left out, and so is the body's length.
///
/// # Errors
///
/// As [`encode`].
pub fn canonical<I: Operation>(input: &I) -> Result<Vec<u8>, EncodeError> {
    let request = serialize(input.clone())?;
    let mut text = Vec::new();
    head(&request, input.model_id(), &[], &mut text);
    for piece in body::<I>(&request, &[]).pieces() {
        text.extend_from_slice(piece);
    }
    Ok(text)
}

/// The output or the operation's own error in an HTTP response, whole and in memory.
///
/// A response that makes no sense is an error of the operation's that names no code, as it is from
/// the SDK's client.
///
/// # Errors
///
/// If the status is not a success, or the SDK cannot read the body.
pub fn decode<I: UnaryOperation>(
    response: http::Response<impl Into<Bytes>>,
) -> Result<I::Output, I::Error> {
    I::codec().decode(&in_sdk_type(response))
}

/// The output in the JSON text of an answer's body, for a unit test or a mock.
///
/// # Errors
///
/// If the SDK cannot read it.
pub fn output<I: UnaryOperation>(json: impl Into<Bytes>) -> Result<I::Output, I::Error> {
    let mut response = http::Response::new(json);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    decode::<I>(response)
}

/// What [`Bedrock`](crate::Bedrock) makes of an HTTP response: the output with its usage and
/// request id, or the flat error.
///
/// # Errors
///
/// As [`decode`]; [`Error::sdk_error`] has the SDK's `SdkError<I::Error, HttpResponse>`.
pub fn response<I: UnaryOperation>(
    response: http::Response<impl Into<Bytes>>,
) -> Result<Response<I::Output>, Error> {
    let response = in_sdk_type(response);
    match I::codec().decode(&response) {
        Ok(output) => answer::<I>(output, Head::read(response.headers())),
        Err(error) => Err(Error::from_sdk(
            I::NAME,
            SdkError::service_error(error, response),
        )),
    }
}

/// The HTTP request again, over the same bytes.
pub(crate) fn share(request: &HttpRequest) -> Result<HttpRequest, EncodeError> {
    let streamed = || EncodeError::new("the SDK made a body that is not in memory");
    request.try_clone().ok_or_else(streamed)
}

/// The HTTP request in the SDK's own type.
pub(crate) fn serialize<I: Operation>(input: I) -> Result<HttpRequest, EncodeError> {
    I::codec().encode(input).map_err(EncodeError::new)
}

/// The response in the SDK's own type.
fn in_sdk_type(response: http::Response<impl Into<Bytes>>) -> HttpResponse {
    let response = response.map(|body| SdkBody::from(body.into()));
    response
        .try_into()
        .expect("the SDK takes every status and header that `http` does")
}
