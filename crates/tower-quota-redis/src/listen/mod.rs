mod listeners;
mod subscriber;

pub(crate) use self::{listeners::Listeners, subscriber::Subscriber};
