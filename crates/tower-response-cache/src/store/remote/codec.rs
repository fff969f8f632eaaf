/// Turns a value into bytes for a [`RemoteStore`], and back.
///
/// The bytes outlive the program that wrote them. Begin them with a version, or change the keys, when
/// their meaning changes.
///
/// [`RemoteStore`]: crate::RemoteStore
pub trait Codec: Sized {
    /// The value as bytes; `None` keeps it out of the remote store.
    fn encode(&self) -> Option<Vec<u8>>;

    /// The value of `bytes` that [`encode`](Self::encode) once made; `None` counts as an error of
    /// the store, and as a miss.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

impl Codec for String {
    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.as_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Self::from_utf8(bytes.to_vec()).ok()
    }
}

impl Codec for Vec<u8> {
    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.clone())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(bytes.to_vec())
    }
}

/// By its 8 bytes, little-endian.
impl Codec for u64 {
    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.to_le_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_le_bytes)
    }
}
