use std::{error::Error, fmt};

use redis::{ErrorKind, RedisError};

/// Why Redis did not do what it was asked.
///
/// It says what kind of failure it was. The URL, with its password, keys and answers are not in it.
#[derive(Debug)]
pub struct RedisServerError {
    kind: ErrorKind,
    /// The server's word for it, `NOAUTH` say.
    code: Option<String>,
}

impl RedisServerError {
    pub(crate) fn without_runtime() -> Self {
        ErrorKind::Client.into()
    }

    pub(crate) fn too_late() -> Self {
        ErrorKind::Io.into()
    }
}

impl From<ErrorKind> for RedisServerError {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, code: None }
    }
}

impl From<RedisError> for RedisServerError {
    fn from(err: RedisError) -> Self {
        let code = err.code().map(str::to_owned);
        let kind = err.kind();
        Self { kind, code }
    }
}

impl fmt::Display for RedisServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = match self.kind {
            ErrorKind::InvalidClientConfig => {
                "the URL is not one of Redis, or asks for TLS without the feature `tls`"
            }
            ErrorKind::Io => "redis cannot be reached",
            ErrorKind::AuthenticationFailed => "redis refuses the user or the password",
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => {
                "redis answered what was not expected"
            }
            ErrorKind::Client => "redis cannot be asked outside of a tokio runtime",
            _ => "redis refused the command",
        };
        match &self.code {
            Some(code) => write!(f, "{said}: {code}"),
            None => f.write_str(said),
        }
    }
}

impl Error for RedisServerError {}
