//! One call from admission to reply. Read `dispatch`, `invocation` and `admission`; then, for bodies
//! that come in pieces, `streaming`, `frames` and `playback`.

mod admission;
mod admitted;
mod dispatch;
mod frames;
mod incoming;
mod invocation;
mod playback;
mod refusal;
mod reply;
mod streaming;
mod struck_frames;

pub(crate) use self::{
    incoming::{IncomingCall, LONGEST_BODY},
    playback::Playback,
    reply::{Reply, ReplyBody},
};
