use std::task::{Context, Poll, ready};
use std::{any::Any, future::Future, pin::Pin};

use pin_project_lite::pin_project;

/// The call of a flight, whoever drives it. It outlives the caller that began it, so it is in a box that
/// passes from caller to caller.
pub(crate) type Work = Pin<Box<dyn Drive>>;

/// A future whose output the table of flights cannot name: it differs with the type of the request, and
/// requests of several types share one table.
pub(crate) trait Drive: Send {
    /// Polls; at the end puts the output into `slot`, which is an `Option` of it if the driver is of
    /// the same type.
    fn drive(self: Pin<&mut Self>, cx: &mut Context<'_>, slot: &mut dyn Any) -> Poll<()>;
}

pin_project! {
    /// A future, and what becomes of its output if the driver has no use for it.
    pub(crate) struct Driven<F, U> {
        #[pin]
        future: F,
        unclaimed: Option<U>,
    }
}

impl<F, U> Driven<F, U> {
    pub(crate) fn new(future: F, unclaimed: U) -> Self {
        Self {
            future,
            unclaimed: Some(unclaimed),
        }
    }
}

impl<F, U> Drive for Driven<F, U>
where
    F: Future<Output: 'static> + Send,
    U: FnOnce(F::Output) + Send,
{
    fn drive(self: Pin<&mut Self>, cx: &mut Context<'_>, slot: &mut dyn Any) -> Poll<()> {
        let this = self.project();
        let output = ready!(this.future.poll(cx));
        // A driver of another type, or a task in the background, has no use for the output. Those who
        // wait were told in the work itself.
        if let Some(slot) = slot.downcast_mut::<Option<F::Output>>() {
            *slot = Some(output);
        } else if let Some(unclaimed) = this.unclaimed.take() {
            unclaimed(output);
        }
        Poll::Ready(())
    }
}
