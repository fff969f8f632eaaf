//! One call from admission to reply. Read `dispatch`, then `admission` and `streaming`.

pub(crate) mod admission;
pub(crate) mod dispatch;
pub(crate) mod playback;
pub(crate) mod reply;
mod streaming;
