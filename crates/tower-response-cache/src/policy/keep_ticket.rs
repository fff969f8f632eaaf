use std::fmt;

use super::Keep;

/// The right to keep a response at its end, and the duty to tell that end; given to
/// [`Policy::later`](crate::Policy::later).
///
/// Dropped, it ends the flight of the response, and nothing is kept. The next caller makes a new call.
///
/// # Examples
///
/// An answer whose text grows until it is complete. Each caller sees it grow, and the complete one is
/// stored.
///
/// ```
/// # use std::{convert::Infallible, sync::{Arc, Mutex}, time::Duration};
/// # use tower::{Layer, ServiceExt};
/// use tower_response_cache::{
///     CacheStatus, Keep, KeepTicket, Lookup, Policy, ResponseCacheLayer,
/// };
///
/// #[derive(Clone)]
/// struct Growing(Arc<Mutex<String>>);
///
/// // What the service answers: the one that grows the text tells its end, too.
/// struct Source {
///     text: Growing,
///     ticket: Option<KeepTicket<Growing>>,
/// }
///
/// impl Source {
///     fn push(&mut self, word: &str) {
///         self.text.0.lock().unwrap().push_str(word);
///     }
///
///     fn complete(mut self) {
///         if let Some(ticket) = self.ticket.take() {
///             ticket.store(self.text, Keep::new(Duration::from_secs(60)));
///         }
///     }
/// }
///
/// struct Texts;
///
/// impl<E> Policy<u64, Source, E> for Texts {
///     type Key = u64;
///     type Value = Growing;
///     type Context = ();
///
///     fn lookup(&self, req: &u64) -> Lookup<u64> {
///         Lookup::Use(*req)
///     }
///
///     fn context(&self, _: &u64) {}
///
///     fn keep(&self, (): &(), _: &Source) -> Option<Keep> {
///         Some(Keep::later())
///     }
///
///     fn later(&self, (): &(), res: &mut Source, ticket: KeepTicket<Growing>) {
///         res.ticket = Some(ticket);
///     }
///
///     fn share(&self, res: &Source) -> Option<Growing> {
///         Some(res.text.clone())
///     }
///
///     fn restore(&self, text: Growing, _: CacheStatus) -> Option<Result<Source, E>> {
///         Some(Ok(Source { text, ticket: None }))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let layer = ResponseCacheLayer::new(Texts, 1000);
/// # let service = layer.layer(tower::service_fn(|_: u64| async {
/// #     let text = Growing(Arc::default());
/// #     Ok::<_, Infallible>(Source { text, ticket: None })
/// # }));
/// let mut first = service.clone().oneshot(1).await.unwrap();
/// first.push("half ");
/// let second = service.clone().oneshot(1).await.unwrap();
/// assert_eq!(*second.text.0.lock().unwrap(), "half ");
/// first.push("and half");
/// first.complete();
/// let third = service.oneshot(1).await.unwrap();
/// assert_eq!(*third.text.0.lock().unwrap(), "half and half");
/// let snapshot = layer.handle().snapshot();
/// assert_eq!((snapshot.misses, snapshot.joins, snapshot.hits), (1, 1, 1));
/// # }
/// ```
#[must_use = "dropped, it keeps nothing"]
pub struct KeepTicket<V> {
    end: Box<dyn KeepLater<V>>,
}

/// The flight whose answer goes on, without the type of its store. Dropped, the flight ends.
pub(crate) trait KeepLater<V>: Send + Sync {
    fn store(self: Box<Self>, value: V, keep: Keep);
}

impl<V> KeepTicket<V> {
    pub(crate) fn new(end: impl KeepLater<V> + 'static) -> Self {
        Self { end: Box::new(end) }
    }

    /// Stores `value` as `keep` says, in the remote store too if there is one, and ends the flight.
    ///
    /// The lifetime begins now. Nothing is stored if the flight was invalidated or a later call of the
    /// same key has stored its answer. Who got the answer before keeps what it has in any case.
    pub fn store(self, value: V, keep: Keep) {
        self.end.store(value, keep);
    }
}

impl<V> fmt::Debug for KeepTicket<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeepTicket").finish_non_exhaustive()
    }
}
