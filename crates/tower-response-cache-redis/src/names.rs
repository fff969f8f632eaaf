/// The names of what lies in Redis.
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    pub(crate) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    /// A hash: the answer, with what it is compared by; without a body only the floor of its key.
    pub(crate) fn record(&self, key: &[u8]) -> Vec<u8> {
        self.name(":record:", key)
    }

    /// Who makes the call.
    pub(crate) fn lead(&self, key: &[u8]) -> Vec<u8> {
        self.name(":lead:", key)
    }

    /// The version below which no answer with that tag is of use.
    pub(crate) fn tag(&self, tag: &str) -> Vec<u8> {
        self.name(":tag:", tag.as_bytes())
    }

    /// The version below which no answer at all is of use.
    pub(crate) fn all(&self) -> Vec<u8> {
        self.name(":all", b"")
    }

    /// A stream of what was forgotten.
    pub(crate) fn log(&self) -> Vec<u8> {
        self.name(":log", b"")
    }

    fn name(&self, kind: &str, rest: &[u8]) -> Vec<u8> {
        [self.prefix.as_bytes(), kind.as_bytes(), rest].concat()
    }
}
