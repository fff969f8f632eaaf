use super::{input::Input, scripted_body::ScriptedBody, template};
use bytes::Bytes;

/// What comes over the wire, in which pieces, and who reads it.
pub(super) struct Script {
    pub(super) is_converse: bool,
    /// All of it, in one piece.
    pub(super) bytes: Bytes,
    pub(super) chunks: Vec<Bytes>,
    /// Whether the connection breaks after the last byte.
    pub(super) breaks: bool,
    /// Whether each chunk is waited for.
    waits: bool,
    pub(super) readers: usize,
    /// How many bytes a reader may lag behind the others.
    pub(super) bound: usize,
    /// Decides who reads next.
    pub(super) turns: u64,
}

impl Script {
    pub(super) fn read(data: &[u8]) -> Self {
        let mut input = Input::new(data);
        let (way, pieces, turns) = (input.byte(), input.byte(), input.byte());
        let is_converse = way & 1 == 0;
        let mut bytes = Vec::new();
        if way & 2 == 0 {
            let cut = input.byte();
            while !input.is_empty() && bytes.len() < 64 << 10 {
                bytes.extend(if is_converse {
                    template::converse(&mut input)
                } else {
                    template::invoke(&mut input)
                });
            }
            // Most are not cut, and a cut is in the last frame or just before it.
            bytes.truncate(bytes.len() - usize::from(cut.saturating_sub(128)).min(bytes.len()));
        } else {
            bytes.extend_from_slice(input.rest());
        }
        let bytes = Bytes::from(bytes);
        Self {
            is_converse,
            chunks: chunks(&bytes, pieces),
            bytes,
            breaks: way & 4 != 0,
            waits: way & 8 != 0,
            readers: 1 + usize::from(way >> 4 & 3),
            bound: if way & 64 == 0 { 1 << 20 } else { 200 },
            turns: turns.into(),
        }
    }

    pub(super) fn body(&self) -> ScriptedBody {
        ScriptedBody::new(self.chunks.clone(), self.breaks, self.waits)
    }
}

/// Pieces of lengths that differ, from one byte up to all at once.
fn chunks(bytes: &Bytes, pieces: u8) -> Vec<Bytes> {
    if pieces == 0 {
        return vec![bytes.clone()];
    }
    let mut rest = bytes.clone();
    let mut chunks = Vec::new();
    let mut length = usize::from(pieces);
    while !rest.is_empty() {
        // A small one leads to large ones and back.
        length = (length * 7 + usize::from(pieces)) % (4 * usize::from(pieces)) + 1;
        chunks.push(rest.split_to(length.min(rest.len())));
        // Nor need a chunk have anything in it.
        if pieces & 7 == 7 {
            chunks.push(Bytes::new());
        }
    }
    chunks
}
