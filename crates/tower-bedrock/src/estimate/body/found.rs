use super::families::Path;
use crate::estimate::{Estimate, rules::bytes};

/// What a walk has found in a body so far.
pub(super) struct Found {
    tokens: u64,
    /// The length of what the model reads as JSON. Summed up in bytes and made tokens once at the
    /// end: names and brackets are shorter than a token, and rounded up one by one would count
    /// several times over.
    json_bytes: usize,
    /// With the rank of its path.
    max_output_tokens: Option<(usize, u64)>,
    paths: &'static [Path],
}

impl Found {
    pub(super) fn new(paths: &'static [Path]) -> Self {
        Self {
            tokens: 0,
            json_bytes: 0,
            max_output_tokens: None,
            paths,
        }
    }

    pub(super) fn add(&mut self, tokens: u64) {
        self.tokens = self.tokens.saturating_add(tokens);
    }

    pub(super) fn add_json(&mut self, bytes: usize) {
        self.json_bytes += bytes;
    }

    /// A number at a place that `is_at` knows. It is the limit of output if the family has it
    /// there; of several the one at the earliest path, in whatever order the body has them.
    pub(super) fn add_number(&mut self, number: u64, is_at: impl Fn(&Path) -> bool) {
        let Some(rank) = self.paths.iter().position(is_at) else {
            return;
        };
        if self.max_output_tokens.is_none_or(|(other, _)| rank < other) {
            self.max_output_tokens = Some((rank, number));
        }
    }
}

impl From<Found> for Estimate {
    fn from(found: Found) -> Self {
        Self {
            input_tokens: found.tokens.saturating_add(bytes(found.json_bytes)),
            max_output_tokens: found.max_output_tokens.map(|(_, tokens)| tokens),
        }
    }
}
