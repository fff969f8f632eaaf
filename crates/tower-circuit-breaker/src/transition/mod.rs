//! In which state is a circuit, what made it so, and what is told of it?

mod opened_by;
mod state;
mod transition;

pub(crate) use self::transition::OnTransition;
pub use self::{opened_by::OpenedBy, state::State, transition::Transition};
