//! Every kind of failure, one a line.

use crate::PROMPT;
use crate::{
    interceptors::{Refuses, Reveals},
    steps::{Step, answer, echo, fail, repeat},
};
use aws_credential_types::provider::{ProvideCredentials, error::CredentialsError, future};
use aws_sdk_bedrockruntime::config::{
    Builder, Credentials, Region, SharedCredentialsProvider, Token, timeout::TimeoutConfig,
};
use aws_smithy_runtime_api::client::{
    auth::{AuthSchemeId, AuthSchemePreference},
    result::ConnectorError,
};
use bedrock_sim::{Fault, Simulator};
use std::{io, time::Duration};

/// What a client, its wire and the stack around it are to be like, for a call that fails.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// `None` for a client that the simulator answers.
    pub(crate) step: Option<Step>,
    pub(crate) config: fn(Builder) -> Builder,
    pub(crate) sim: Simulator,
    /// InvokeModel takes any JSON for an answer.
    pub(crate) is_json: bool,
}

fn row(name: &'static str) -> Row {
    Row {
        name,
        step: Some(Step::Hang),
        config: |config| config,
        sim: Simulator::new(),
        is_json: false,
    }
}

impl Row {
    fn does(self, step: Step) -> Self {
        let step = Some(step);
        Self { step, ..self }
    }

    fn with(self, config: fn(Builder) -> Builder) -> Self {
        Self { config, ..self }
    }

    fn of_json(self) -> Self {
        let is_json = true;
        Self { is_json, ..self }
    }

    fn fault(self, fault: Fault) -> Self {
        self.sim.script([fault.times(1_000)]);
        Self { step: None, ..self }
    }
}

const HTML: &[(&str, &str)] = &[("content-type", "text/html"), ("server", "squid/6.1")];
const JSON: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("x-amzn-requestid", "r-1"),
];
const GZIP: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("content-encoding", "gzip"),
];
const LONGER: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("content-length", "9999"),
];
const INVALID: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("x-amzn-requestid", "r-1"),
    ("x-amzn-errortype", "ValidationException"),
];
const FAILED: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("x-amzn-errortype", "ModelErrorException"),
];
const MOVED: &[(&str, &str)] = &[("location", "https://login.example/?token=CANARY-location")];
const PAGE: [&str; 2] = ["<html><body>You sent ", ", CANARY-page</body></html>"];
const REFUSED: [&str; 2] = [
    r#"{"message": "1 validation error detected: Value '"#,
    r#"' at 'messages.1.member.content' failed to satisfy constraint: it is too long."}"#,
];
const CUT: &str =
    r#"{"output": {"message": {"role": "assistant", "content": [{"text": "CANARY-answer"#;
const WRONG: &str = r#"{"output": "CANARY-answer", "content": 7}"#;

fn io_error(kind: io::ErrorKind, text: &'static str) -> Step {
    fail(move |_| ConnectorError::io(io::Error::new(kind, text).into()))
}

/// A provider of credentials of the user's own, which has none.
#[derive(Debug)]
struct NoRole(fn() -> CredentialsError);

impl ProvideCredentials for NoRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err((self.0)()))
    }
}

fn provider(config: Builder, error: fn() -> CredentialsError) -> Builder {
    config.credentials_provider(SharedCredentialsProvider::new(NoRole(error)))
}

#[derive(Debug)]
#[expect(dead_code, reason = "it is shown")]
struct Secret(&'static str);

pub(crate) fn rows() -> Vec<Row> {
    use io::ErrorKind::{ConnectionRefused, InvalidData, UnexpectedEof};
    vec![
        // Bedrock says no.
        row("throttling").fault(Fault::throttling()),
        row("throttling at 400").fault(Fault::throttling_400()),
        row("a limit per day").fault(Fault::throttling_daily()),
        row("model not ready").fault(Fault::model_not_ready()),
        row("bare 429").fault(Fault::bare_429()),
        row("too many requests").fault(Fault::too_many_requests()),
        row("overloaded").fault(Fault::overloaded()),
        row("service unavailable").fault(Fault::service_unavailable()),
        row("internal server").fault(Fault::internal_server()),
        row("model timeout").fault(Fault::model_timeout()),
        row("model error").fault(Fault::model_error()),
        row("model stream error").fault(Fault::model_stream_error()),
        row("service quota exceeded").fault(Fault::service_quota_exceeded()),
        row("validation").fault(Fault::validation()),
        row("access denied").fault(Fault::access_denied()),
        row("resource not found").fault(Fault::resource_not_found()),
        row("connection reset").fault(Fault::connection_reset()),
        row("a validation that quotes the prompt").does(echo(400, INVALID, REFUSED)),
        row("a validation that repeats the prompt").does(repeat(400, INVALID)),
        row("a validation that repeats the prompt, of a model").does(repeat(424, FAILED)),
        // The answer makes no sense.
        row("a page at 200").does(echo(200, HTML, PAGE)),
        row("cut JSON at 200").does(answer(200, JSON, CUT)),
        row("JSON of another shape at 200")
            .does(answer(200, JSON, WRONG))
            .of_json(),
        row("nothing at 200").does(answer(200, JSON, "")),
        row("half a body at 200").does(answer(200, LONGER, CUT)),
        row("a body that breaks off").does(Step::Break(CUT)),
        row("gzip at 200").does(answer(200, GZIP, &b"\x1f\x8b\x08\0\0CANARY-answer"[..])),
        row("half a body at 500").does(answer(500, LONGER, CUT)),
        row("cut JSON at 400").does(answer(400, INVALID, CUT)),
        // Something on the way answers.
        row("a page at 403").does(echo(403, HTML, PAGE)),
        row("a page at 407").does(echo(407, HTML, PAGE)),
        row("a page at 413").does(echo(413, HTML, PAGE)),
        row("a page at 502").does(echo(502, HTML, PAGE)),
        row("a page at 504").does(echo(504, HTML, PAGE)),
        row("nothing at 403").does(answer(403, &[], "")),
        row("a redirect").does(echo(307, MOVED, PAGE)),
        // Nobody answers.
        row("connection refused").does(io_error(ConnectionRefused, "refused")),
        row("TLS").does(io_error(
            InvalidData,
            "invalid peer certificate: UnknownIssuer",
        )),
        row("the connection breaks").does(io_error(UnexpectedEof, "end of file")),
        row("a connection that times out").does(fail(|_| ConnectorError::timeout("late".into()))),
        row("the client shows the request").does(fail(|request| {
            ConnectorError::other(format!("cannot send {request:?}").into(), None)
        })),
        row("the client shows the request as its user's fault").does(fail(|request| {
            ConnectorError::user(format!("cannot send {request:#?}").into())
        })),
        row("a hanging call").with(|config| {
            let times = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(9));
            config.timeout_config(times.build())
        }),
        row("a hanging call without a limit of the SDK's"),
        // It is never sent.
        row("a malformed endpoint").with(|config| config.endpoint_url("ht!tp://not an endpoint")),
        row("an endpoint without a scheme").with(|config| config.endpoint_url("localhost:1")),
        row("a malformed Region").with(|config| config.region(Region::new("us east\n1"))),
        row("a secret that fits no header").with(|config| {
            config.credentials_provider(Credentials::new(
                "AKID\n",
                "CANARY-key",
                Some("CANARY\n-session".to_owned()),
                None,
                "test",
            ))
        }),
        row("a bearer token that fits no header").with(|config| {
            config
                .token_provider(Token::new("CANARY\n-bearer", None))
                .auth_scheme_preference(AuthSchemePreference::from([AuthSchemeId::new(
                    "httpBearerAuth",
                )]))
        }),
        row("no credentials").with(|config| {
            provider(config, || {
                CredentialsError::not_loaded("no role on this machine")
            })
        }),
        row("a provider that shows the JSON it read").with(|config| {
            provider(config, || {
                let read = r#"cannot use {"AccessKeyId": "AKID", "SecretAccessKey": "CANARY-key"}"#;
                CredentialsError::provider_error(read)
            })
        }),
        row("a provider that shows the file it read").with(|config| {
            provider(config, || {
                CredentialsError::invalid_configuration(
                    "line 3: aws_secret_access_key = CANARY-key",
                )
            })
        }),
        row("a provider that shows the request it made").with(|config| {
            provider(config, || {
                CredentialsError::not_loaded(
                    "GET https://sts/?Token=CANARY-1&x=1 (authorization: Bearer CANARY-2)",
                )
            })
        }),
        row("a provider that shows its credentials").with(|config| {
            provider(config, || {
                CredentialsError::unhandled(format!("expired: {:?}", Secret("CANARY-key")))
            })
        }),
        // Interceptors of the user's own.
        row("an interceptor that shows the input")
            .with(|config| config.interceptor(Refuses(|input| format!("refused {input:?}")))),
        row("an interceptor that shows the input at length")
            .with(|config| config.interceptor(Refuses(|input| format!("refused:\n{input:#?}")))),
        row("an interceptor that repeats the prompt")
            .with(|config| config.interceptor(Refuses(|_| format!("not on the list: {PROMPT}")))),
        row("an interceptor that shows the request").with(|config| config.interceptor(Reveals)),
    ]
}
