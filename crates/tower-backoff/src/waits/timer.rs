use std::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use tokio::{task::coop::unconstrained, time::Sleep};

/// Polls a timer that limits something which was polled just before.
///
/// That may have used up the task's cooperative budget, and may do so at every poll. A timer that
/// obeyed the budget would then never end.
pub(crate) fn poll_timer(timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
    pin!(unconstrained(timer)).poll(cx)
}
