use std::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll},
};
use tokio::{task::coop::unconstrained, time::Sleep};

/// Polls a timer that limits something which was polled just before, whatever that left of the
/// task's cooperative budget: one that uses it up at every poll would else never be ended.
pub(crate) fn poll_timer(timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
    pin!(unconstrained(timer)).poll(cx)
}
