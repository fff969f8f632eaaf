/// How a cache replays a stream that it has recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Replay {
    /// All of it as fast as it is read.
    #[default]
    AtOnce,
    /// With the pauses that it came with.
    AsItCame,
}
