use redis::Script;

/// What is done in one step on the server.
pub(crate) struct Scripts {
    /// Reads a record, or takes the lead.
    pub(crate) look: Script,
    /// Writes a record unless it is out of date, and gives the lead back.
    pub(crate) insert: Script,
    /// Raises a floor, and tells of it in the log.
    pub(crate) forget: Script,
    /// Says which entries the log has.
    pub(crate) resume: Script,
    /// Renews or ends leads.
    pub(crate) renew: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        const FLOOR: &str = include_str!("scripts/floor.lua");
        const LOG: &str = include_str!("scripts/log.lua");
        let of = |parts: &[&str]| Script::new(&parts.concat());
        Self {
            look: of(&[FLOOR, include_str!("scripts/look.lua")]),
            insert: of(&[FLOOR, include_str!("scripts/insert.lua")]),
            forget: of(&[FLOOR, LOG, include_str!("scripts/forget.lua")]),
            resume: of(&[FLOOR, LOG, include_str!("scripts/resume.lua")]),
            renew: of(&[include_str!("scripts/renew.lua")]),
        }
    }
}
