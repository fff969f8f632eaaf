use redis::Script;

/// What is done in one step on the server.
pub(crate) struct Scripts {
    /// Appends to a log, and says what is new there.
    pub(crate) append: Script,
    /// Says what is in a log, or begins it.
    pub(crate) load: Script,
    /// Keeps a snapshot.
    pub(crate) save: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        const CLOCK: &str = include_str!("scripts/clock.lua");
        const HEAD: &str = include_str!("scripts/head.lua");
        let of = |parts: &[&str]| Script::new(&parts.concat());
        Self {
            append: of(&[CLOCK, HEAD, include_str!("scripts/append.lua")]),
            load: of(&[HEAD, include_str!("scripts/load.lua")]),
            save: of(&[HEAD, include_str!("scripts/save.lua")]),
        }
    }
}
