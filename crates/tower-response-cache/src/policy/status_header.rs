use std::fmt::{self, Write};

/// Writes the value of a `Cache-Status` header; made by
/// [`CacheStatus::cache_status`](crate::CacheStatus::cache_status).
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct CacheStatusHeader<'a> {
    pub(super) name: &'a str,
    pub(super) parameters: &'static str,
    pub(super) is_forwarded: bool,
    pub(super) fwd_status: Option<u16>,
    pub(super) stored: bool,
}

#[cfg(feature = "http")]
impl<'a> CacheStatusHeader<'a> {
    /// For a request that went on, with the reason in the words of the RFC.
    pub(crate) const fn forwarded(name: &'a str, parameters: &'static str) -> Self {
        Self {
            name,
            parameters,
            is_forwarded: true,
            fwd_status: None,
            stored: false,
        }
    }
}

impl CacheStatusHeader<'_> {
    /// Adds the HTTP status with which the call was answered. Left out of an answer without a call.
    pub const fn fwd_status(mut self, status: u16) -> Self {
        self.fwd_status = Some(status);
        self
    }

    /// Adds whether the answer of the call was stored. Left out of an answer without a call.
    pub const fn stored(mut self, stored: bool) -> Self {
        self.stored = stored;
        self
    }
}

impl fmt::Display for CacheStatusHeader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_token(self.name) {
            f.write_str(self.name)?;
        } else {
            write_string(self.name, f)?;
        }
        write!(f, "; {}", self.parameters)?;
        if self.is_forwarded {
            if let Some(status) = self.fwd_status {
                write!(f, "; fwd-status={status}")?;
            }
            if self.stored {
                f.write_str("; stored")?;
            }
        }
        Ok(())
    }
}

/// A token of structured fields (RFC 9651, section 3.3.4).
fn is_token(name: &str) -> bool {
    let begins = |c: u8| c.is_ascii_alphabetic() || c == b'*';
    let goes_on = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&c);
    name.bytes().next().is_some_and(begins) && name.bytes().all(goes_on)
}

/// A string of structured fields (RFC 9651, section 3.3.3), of printable ASCII only.
fn write_string(name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for c in name.chars().filter(|c| (' '..='~').contains(c)) {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use crate::CacheStatus;

    fn header(name: &str, status: CacheStatus) -> String {
        let header = status.cache_status(name).fwd_status(503).stored(true);
        header.to_string()
    }

    #[test]
    fn only_a_request_that_went_on_says_what_came_of_it() {
        use CacheStatus::*;
        for (status, expected) in [
            (Hit, "c; hit"),
            (Miss, "c; fwd=uri-miss; fwd-status=503; stored"),
            (Expired, "c; fwd=stale; fwd-status=503; stored"),
            (Joined, "c; fwd=uri-miss; collapsed; fwd-status=503; stored"),
            (Refreshed, "c; fwd=request; fwd-status=503; stored"),
            (Bypass, "c; fwd=bypass; fwd-status=503; stored"),
            (Stale, "c; hit; detail=stale"),
            (
                StaleIfError,
                "c; fwd=stale; detail=stale-if-error; fwd-status=503; stored",
            ),
            (Absent, "c; detail=absent"),
        ] {
            assert_eq!(header("c", status), expected);
        }
    }

    #[test]
    fn name_that_is_no_token_is_written_as_a_string() {
        for (name, expected) in [
            ("*a.b:1/c", "*a.b:1/c"),
            ("my cache", "\"my cache\""),
            ("1st", "\"1st\""),
            ("a\"\\b\r\né", "\"a\\\"\\\\b\""),
            ("", "\"\""),
        ] {
            assert_eq!(header(name, CacheStatus::Hit), format!("{expected}; hit"));
        }
    }
}
