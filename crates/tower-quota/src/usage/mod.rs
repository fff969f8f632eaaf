//! What is shown: a `handle` gives a `snapshot` of what a key uses and the `headroom` it has, by
//! which `loaded` services are chosen.

mod handle;
mod headroom;
mod limit_snapshot;
#[cfg(feature = "load")]
mod loaded;
mod snapshot;

pub use self::handle::Handle;
pub use self::headroom::Headroom;
pub use self::limit_snapshot::{LimitSnapshot, MeterKind};
#[cfg(feature = "load")]
pub use self::loaded::Loaded;
pub use self::snapshot::Snapshot;
