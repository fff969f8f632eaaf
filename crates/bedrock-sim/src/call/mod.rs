//! One call from admission to reply. Read `dispatch`, `invocation` and `admission`; then, for bodies
//! that come in pieces, `streaming` and `playback`.

mod admission;
mod admitted;
mod dispatch;
mod incoming;
mod invocation;
mod playback;
mod refusal;
mod reply;
mod streaming;

pub(crate) use self::{
    incoming::{IncomingCall, LONGEST_BODY},
    playback::Playback,
    reply::{Reply, ReplyBody},
};
