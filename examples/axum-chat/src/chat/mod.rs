//! `POST /chat`: one question, one answer, as JSON or as server-sent events.

mod account;
mod caller;
mod events;
mod json;
mod question;
mod route;
mod wants;

pub(crate) use self::route::chat;
