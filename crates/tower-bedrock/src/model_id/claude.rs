/// A Claude by its line and version, as its id tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claude {
    pub(crate) line: Line,
    /// Major and minor; `(0, 0)` where the id tells none.
    pub(crate) version: (u32, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    Fable,
    /// Opus, Sonnet and Haiku, which have had their versions in common.
    Main,
    /// Before there were lines: Instant, and versions 1 and 2.
    Early,
    /// Of a line that came after this was written.
    Other,
}

/// Numbers of more digits are dates.
const LONGEST_VERSION: usize = 3;

impl Claude {
    /// Reads the id of a model, such as `anthropic.claude-opus-4-1-20250805-v1:0`.
    pub(crate) fn read(base_model: &str) -> Option<Self> {
        let rest = base_model.strip_prefix("anthropic.claude")?;
        let parts = rest.split('-').filter(|part| !part.is_empty());
        let number = |part: &str| match part.len() {
            1..=LONGEST_VERSION => part.parse().ok(),
            _ => None,
        };
        let mut numbers = parts.clone().filter_map(number);
        let version = numbers.next().map(|major| (major, numbers.next()));
        let line = match parts.clone().find(|part| number(part).is_none()) {
            Some("fable") => Line::Fable,
            Some("opus" | "sonnet" | "haiku") => Line::Main,
            Some("instant" | "v1" | "v2" | "v2:1") => Line::Early,
            _ => Line::Other,
        };
        let (major, minor) = version.unwrap_or_default();
        Some(Self {
            line,
            version: (major, minor.unwrap_or_default()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Claude, Line};

    #[test]
    fn an_id_tells_line_and_version_wherever_they_stand() {
        for (id, line, version) in [
            (
                "anthropic.claude-opus-4-1-20250805-v1:0",
                Line::Main,
                (4, 1),
            ),
            ("anthropic.claude-opus-4-20250514-v1:0", Line::Main, (4, 0)),
            ("anthropic.claude-opus-4-10", Line::Main, (4, 10)),
            ("anthropic.claude-sonnet-5", Line::Main, (5, 0)),
            (
                "anthropic.claude-sonnet-5-20260801-v1:0",
                Line::Main,
                (5, 0),
            ),
            ("anthropic.claude-haiku-5-5", Line::Main, (5, 5)),
            (
                "anthropic.claude-3-7-sonnet-20250219-v1:0",
                Line::Main,
                (3, 7),
            ),
            ("anthropic.claude-3-haiku-20240307-v1:0", Line::Main, (3, 0)),
            ("anthropic.claude-fable-5-1", Line::Fable, (5, 1)),
            ("anthropic.claude-saga-6-v1", Line::Other, (6, 0)),
            ("anthropic.claude-saga-6-v1:0", Line::Other, (6, 0)),
            ("anthropic.claude-v2:1", Line::Early, (0, 0)),
            ("anthropic.claude-instant-v1", Line::Early, (0, 0)),
            ("anthropic.claude-next", Line::Other, (0, 0)),
        ] {
            assert_eq!(Claude::read(id), Some(Claude { line, version }), "{id}");
        }
        assert_eq!(Claude::read("amazon.nova-lite-v1:0"), None);
    }
}
