/// The names of what lies in Redis.
pub(crate) struct Names {
    prefix: String,
}

/// Those of one log. In a cluster one server has all three, for what they have in braces is the same.
pub(crate) struct LogNames {
    /// A hash: how far it is.
    pub(crate) head: String,
    /// A stream: the entries. They are published by that name, too.
    pub(crate) log: String,
    /// A hash: the snapshot, and where it was made.
    pub(crate) snapshot: String,
}

impl Names {
    pub(crate) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    pub(crate) fn of(&self, key: &str) -> LogNames {
        let name = |what: &str| format!("{{{}:{key}}}:{what}", self.prefix);
        LogNames {
            head: name("head"),
            log: name("log"),
            snapshot: name("snapshot"),
        }
    }
}
