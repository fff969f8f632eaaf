use std::time::Duration;

use http::{HeaderMap, header};

use super::delta_seconds::delta_seconds;

#[cfg(test)]
mod tests;

/// The directives of all `Cache-Control` lines of one message that this cache knows.
///
/// A directive that takes names of fields, such as `private="set-cookie"`, counts as if it had none: that
/// is allowed, and never keeps more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CacheControl {
    pub(crate) no_store: bool,
    pub(crate) no_cache: bool,
    pub(crate) private: bool,
    pub(crate) must_revalidate: bool,
    pub(crate) only_if_cached: bool,
    pub(crate) max_age: Seconds,
    pub(crate) s_maxage: Seconds,
    pub(crate) min_fresh: Seconds,
    /// Without a number any staleness will do.
    pub(crate) max_stale: Seconds,
    pub(crate) stale_while_revalidate: Seconds,
    pub(crate) stale_if_error: Seconds,
}

/// The value of a directive that takes a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Seconds {
    #[default]
    Absent,
    Of(Duration),
    /// No number, or two different ones.
    Invalid,
}

impl Seconds {
    /// The time; zero if it is invalid, which is the most careful reading of every directive that
    /// lengthens a life.
    pub(crate) fn time(self) -> Option<Duration> {
        match self {
            Self::Absent => None,
            Self::Of(time) => Some(time),
            Self::Invalid => Some(Duration::ZERO),
        }
    }

    fn add(&mut self, value: &[u8]) {
        *self = self.with(delta_seconds(value).map_or(Self::Invalid, Self::Of));
    }

    fn and(self, time: Duration) -> Self {
        self.with(Self::Of(time))
    }

    fn with(self, value: Self) -> Self {
        match self {
            Self::Absent => value,
            same if same == value => same,
            _ => Self::Invalid,
        }
    }
}

impl CacheControl {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut directives = Self::default();
        for line in headers.get_all(header::CACHE_CONTROL) {
            directives.read(line.as_bytes());
        }
        directives
    }

    /// Reads one line. If a quoted string of it stands where none can, or does not end, a directive may
    /// be hidden there, so the line counts as `no-store`.
    pub(super) fn read(&mut self, line: &[u8]) {
        let mut rest = line;
        loop {
            let end = rest.iter().position(|byte| matches!(byte, b',' | b'='));
            let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
            if name.contains(&b'"') {
                self.no_store = true;
                return;
            }
            let value = if let Some(value) = after.strip_prefix(b"=") {
                let Some((value, after)) = split_value(value) else {
                    self.no_store = true;
                    return;
                };
                rest = after;
                Some(value)
            } else {
                rest = after;
                None
            };
            self.add(&name.trim_ascii().to_ascii_lowercase(), value.as_deref());
            match rest.strip_prefix(b",") {
                Some(next) => rest = next,
                None => return,
            }
        }
    }

    fn add(&mut self, name: &[u8], value: Option<&[u8]>) {
        let is_alone = value.is_none();
        let value = value.unwrap_or_default();
        match name {
            b"no-store" => self.no_store = true,
            b"no-cache" => self.no_cache = true,
            b"private" => self.private = true,
            b"must-revalidate" | b"proxy-revalidate" => self.must_revalidate = true,
            b"only-if-cached" => self.only_if_cached = true,
            b"max-age" => self.max_age.add(value),
            b"s-maxage" => self.s_maxage.add(value),
            b"min-fresh" => self.min_fresh.add(value),
            b"max-stale" if is_alone => self.max_stale = self.max_stale.and(Duration::MAX),
            b"max-stale" => self.max_stale.add(value),
            b"stale-while-revalidate" => self.stale_while_revalidate.add(value),
            b"stale-if-error" => self.stale_if_error.add(value),
            _ => {}
        }
    }
}

/// Splits a value, a token or a quoted string, from what begins with the next comma. `None` if a quoted
/// string does not end, or does not end the value.
fn split_value(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|byte| *byte == b',');
        let (value, rest) = text.split_at(end.unwrap_or(text.len()));
        // A quotation mark within a token: what is quoted, and what is not, cannot be told.
        let token = value.trim_ascii_end();
        return (!token.contains(&b'"')).then(|| (token.to_vec(), rest));
    };
    let mut value = Vec::new();
    let mut bytes = quoted.iter().enumerate();
    loop {
        match bytes.next()? {
            (_, b'\\') => value.push(*bytes.next()?.1),
            (at, b'"') => {
                let rest = quoted[at + 1..].trim_ascii_start();
                let ends = rest.is_empty() || rest.starts_with(b",");
                return ends.then_some((value, rest));
            }
            (_, byte) => value.push(*byte),
        }
    }
}
