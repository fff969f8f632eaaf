//! How many tokens each part of a prompt has, by rule of thumb. They need not be right: `Correction`
//! learns by how much they are off for a model. They have to grow as the real counts do.

/// What every message costs on top of its content.
pub(super) const MESSAGE: u64 = 4;
/// What a tool's definition costs on top of its texts.
pub(super) const TOOL: u64 = 8;
/// What a tool's call or result costs on top of its content.
pub(super) const TOOL_CALL: u64 = 4;
/// An image of the size that Claude scales larger ones down to.
pub(super) const IMAGE: u64 = 1_600;

/// Four bytes a token, rounded up: near the truth for English. Other scripts have more bytes a letter
/// and more tokens a letter, so bytes tell more than letters.
pub(super) fn text(text: &str) -> u64 {
    bytes(text.len())
}

pub(super) fn bytes(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(4)
}

/// Media whose bytes do not tell their tokens: `tokens` for each started `unit` of bytes, and once for
/// what lies elsewhere, as in S3.
pub(super) fn media(len: Option<usize>, tokens: u64, unit: usize) -> u64 {
    let units = len.unwrap_or(0).div_ceil(unit).max(1) as u64;
    units.saturating_mul(tokens)
}

/// A PDF or office document: a page or two for each 100 kB.
pub(super) fn document(len: Option<usize>) -> u64 {
    media(len, 3_000, 100_000)
}

/// Video, at some 290 tokens a second as Nova counts it.
pub(super) fn video(len: Option<usize>) -> u64 {
    media(len, 10_000, 4_000_000)
}

pub(super) fn audio(len: Option<usize>) -> u64 {
    media(len, 2_000, 1_000_000)
}
