use crate::{
    error::Error,
    operation::{Operation, UnaryOperation},
    response::{Origin, Reply, Usage},
    wire,
};
use aws_sdk_bedrockruntime::operation::{
    apply_guardrail::ApplyGuardrailInput, converse::ConverseInput, count_tokens::CountTokensInput,
    invoke_model::InvokeModelInput,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use std::{any::Any, fmt, sync::Arc};
use tower_response_cache::{CacheStatus, Codec};

/// What the cache holds: an output of any operation, or an error on its way to those who wait for one
/// call. The key names the operation, so the type is always the caller's own.
///
/// As bytes, for a store outside the process, it is the HTTP response of Bedrock, since the SDK makes
/// an output of nothing else. So an answer has bytes only with
/// [`Bedrock::with_raw_responses`](crate::Bedrock::with_raw_responses). Bytes that are damaged or of
/// another version are no answer.
#[derive(Clone)]
pub struct Answer(Kind);

#[derive(Clone)]
enum Kind {
    Output(Arc<Output>),
    Failed(Error),
}

struct Output {
    operation: &'static str,
    output: Arc<dyn Any + Send + Sync>,
    usage: Option<Usage>,
    origin: Origin,
}

impl Answer {
    pub(super) fn of<I: Operation>(response: &I::Response) -> Option<Self> {
        Some(Self(Kind::Output(Arc::new(Output {
            operation: I::NAME,
            output: response.shared()?,
            usage: response.meta().usage(),
            origin: response.meta().origin.clone(),
        }))))
    }

    pub(super) fn failed(error: Error) -> Self {
        Self(Kind::Failed(error))
    }

    /// A response of an operation, if this is one of it.
    pub(super) fn response<I: Operation>(
        &self,
        status: CacheStatus,
    ) -> Option<Result<I::Response, Error>> {
        let Output {
            output,
            usage,
            origin,
            ..
        } = match &self.0 {
            Kind::Output(output) => &**output,
            Kind::Failed(error) => return Some(Err(error.clone())),
        };
        let output = Arc::clone(output);
        I::Response::from_shared(output, *usage, origin.clone(), status).map(Ok)
    }
}

/// Changes with the format of the bytes, so that a newer version of this crate does not misread an
/// older one's.
const VERSION: &str = "tower-bedrock answer 1";

/// Bytes of the digest in front, which tells damaged bytes from whole ones.
const DIGEST: usize = 16;

impl Codec for Answer {
    fn encode(&self) -> Option<Vec<u8>> {
        let Kind::Output(output) = &self.0 else {
            return None;
        };
        let raw = output.origin.raw.as_deref()?;
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
        Some(bytes)
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
            _ => None,
        }
    }
}

fn read<I: UnaryOperation>(
    raw: http::Response<Bytes>,
    model_id: Option<Arc<str>>,
) -> Option<Answer> {
    let mut response = wire::response::<I>(raw.clone()).ok()?;
    let origin = &mut response.meta_mut().origin;
    origin.model_id = model_id;
    origin.raw = Some(Arc::new(raw));
    Answer::of::<I>(&response)
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

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}
