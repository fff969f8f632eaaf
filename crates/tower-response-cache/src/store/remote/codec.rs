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
