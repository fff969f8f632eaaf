//! Answers as bytes, for a store outside the process.

use super::answer::{Answer, Kind, Output};
use crate::{
    operation::{Operation, UnaryOperation},
    record::Recording,
    response::{Origin, Reply},
    stream::{self, StreamEvent},
    wire,
};
use aws_sdk_bedrockruntime::{
    operation::{
        apply_guardrail::ApplyGuardrailInput, converse::ConverseInput,
        converse_stream::ConverseStreamInput, count_tokens::CountTokensInput,
        invoke_model::InvokeModelInput,
        invoke_model_with_response_stream::InvokeModelWithResponseStreamInput,
    },
    types::{ConverseStreamOutput as Event, ResponseStream},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use std::{fmt::Write, sync::Arc, time::Duration};
use tower_response_cache::Codec;

/// Changes with the format of the bytes, so that a newer version of this crate does not misread an
/// older one's.
const VERSION: &str = "tower-bedrock answer 1";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Bytes of the digest in front, which tells damaged bytes from whole ones.
const DIGEST: usize = 16;

impl Codec for Answer {
    fn encode(&self) -> Option<Vec<u8>> {
        let Kind::Output(output) = &self.0 else {
            return None;
        };
        if let Some(recording) = output.output.downcast_ref::<Recording>() {
            return Some(bytes_of(output, &raw_of(recording, &output.origin)?));
        }
        let raw = output.origin.raw.as_deref()?;
        Some(bytes_of(output, raw))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (digest, mut rest) = bytes.split_at_checked(DIGEST)?;
        let is_whole = blake3::hash(rest).as_bytes().starts_with(digest);
        if !is_whole || take(&mut rest)? != VERSION.as_bytes() {
            return None;
        }
        let operation = std::str::from_utf8(take(&mut rest)?).ok()?;
        let model_id = std::str::from_utf8(take(&mut rest)?).ok()?;
        let status = StatusCode::from_bytes(take(&mut rest)?).ok()?;
        let mut raw = http::Response::new(Bytes::copy_from_slice(take(&mut rest)?));
        *raw.status_mut() = status;
        while !rest.is_empty() {
            let name = HeaderName::from_bytes(take(&mut rest)?).ok()?;
            let value = HeaderValue::from_bytes(take(&mut rest)?).ok()?;
            raw.headers_mut().append(name, value);
        }
        let model_id = (!model_id.is_empty()).then(|| Arc::from(model_id));
        match operation {
            ConverseInput::NAME => read::<ConverseInput>(raw, model_id),
            InvokeModelInput::NAME => read::<InvokeModelInput>(raw, model_id),
            CountTokensInput::NAME => read::<CountTokensInput>(raw, model_id),
            ApplyGuardrailInput::NAME => read::<ApplyGuardrailInput>(raw, model_id),
            ConverseStreamInput::NAME => replayed::<ConverseStreamInput, Event>(raw, model_id),
            InvokeModelWithResponseStreamInput::NAME => {
                replayed::<InvokeModelWithResponseStreamInput, ResponseStream>(raw, model_id)
            }
            _ => None,
        }
    }
}

fn bytes_of(output: &Output, raw: &http::Response<Bytes>) -> Vec<u8> {
    let mut bytes = vec![0; DIGEST];
    let model_id = output.origin.model_id.as_deref().unwrap_or_default();
    for part in [VERSION, output.operation, model_id, raw.status().as_str()] {
        put(part.as_bytes(), &mut bytes);
    }
    put(raw.body(), &mut bytes);
    for (name, value) in raw.headers() {
        put(name.as_str().as_bytes(), &mut bytes);
        put(value.as_bytes(), &mut bytes);
    }
    let digest = blake3::hash(&bytes[DIGEST..]);
    bytes[..DIGEST].copy_from_slice(&digest.as_bytes()[..DIGEST]);
    bytes
}

/// How a stream came, among the headers of its response.
const PACE: HeaderName = HeaderName::from_static("x-tower-bedrock-pace");

/// A recorded stream as the response that it came with, and how it came.
fn raw_of(recording: &Recording, origin: &Origin) -> Option<http::Response<Bytes>> {
    let mut raw = http::Response::new(recording.bytes().clone());
    let mut pace = String::new();
    for (length, at) in recording.pace() {
        let _ = write!(pace, "{length}@{} ", at.as_millis());
    }
    let headers = raw.headers_mut();
    headers.insert(PACE, HeaderValue::from_str(pace.trim_end()).ok()?);
    if let Some(id) = &origin.request_id {
        headers.insert(REQUEST_ID, HeaderValue::from_str(id).ok()?);
    }
    Some(raw)
}

fn replayed<I: Operation, E: StreamEvent>(
    raw: http::Response<Bytes>,
    model_id: Option<Arc<str>>,
) -> Option<Answer> {
    let pace = raw.headers().get(PACE)?.to_str().ok()?;
    let chunks = pace.split_ascii_whitespace().map(|chunk| {
        let (length, at) = chunk.split_once('@')?;
        Some((
            length.parse().ok()?,
            Duration::from_millis(at.parse().ok()?),
        ))
    });
    let chunks: Vec<_> = chunks.collect::<Option<_>>()?;
    let request_id = raw.headers().get(REQUEST_ID);
    let origin = Origin {
        request_id: request_id.and_then(|id| id.to_str().ok()).map(Arc::from),
        model_id,
        raw: None,
        ..Origin::default()
    };
    let bytes = raw.into_body();
    let usage = stream::usage_of::<E>(bytes.clone())?;
    let recording = Recording::of_parts(bytes, chunks);
    Some(Answer::recorded(I::NAME, recording, usage, origin))
}

fn read<I: UnaryOperation>(
    raw: http::Response<Bytes>,
    model_id: Option<Arc<str>>,
) -> Option<Answer> {
    let mut response = wire::response::<I>(raw.clone()).ok()?;
    let origin = &mut response.meta_mut().origin;
    origin.raw = Some(Arc::new(raw));
    Answer::of::<I>(&response, model_id)
}

fn put(part: &[u8], bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
    bytes.extend_from_slice(part);
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (part, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(part)
}
