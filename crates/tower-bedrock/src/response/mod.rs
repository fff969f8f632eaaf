//! What does a caller get back? An SDK output, and how it came about.

mod ending;
mod ends;
mod head;
mod metadata;
mod origin;
mod reply;
mod response;
mod usage;

pub(crate) use self::{
    ending::Ending,
    ends::{End, Ends, OnEnd, Timing, WeakEnds},
    head::Head,
    origin::Origin,
    reply::Reply,
};
pub use self::{metadata::ResponseMetadata, response::Response, usage::Usage};
