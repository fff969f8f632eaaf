use std::net::IpAddr;
use std::time::SystemTime;
use std::{fmt, sync::Arc};

use http::{Extensions, HeaderMap, HeaderName, Request, Response, StatusCode};

use super::{key::HttpKey, retry_after::retry_after};
use crate::call::{Ask, Settle};
use crate::cost::Cost;

type Find = dyn Fn(&HeaderMap, &Extensions) -> Option<HttpKey> + Send + Sync;

/// What a request over HTTP costs: one call of whoever asks.
///
/// Requests that do not say who asks share the key [`HttpKey::NOBODY`].
///
/// In a client a 429 means that the server has less than was told: it is a
/// [throttle](crate::Settle::Throttled), with the hint of its `Retry-After`. Everything else counts as one
/// call, errors too: the server may have counted it.
#[derive(Clone)]
pub struct HttpCost {
    find: Arc<Find>,
    /// The inner service is our own, and its 429 is about its callers.
    serves: bool,
}

impl HttpCost {
    /// All requests are of one key.
    #[must_use]
    pub fn one() -> Self {
        Self::by(|_, _| Some(HttpKey::EVERYBODY))
    }

    /// The first value of the header `name` says who asks; an empty one says nothing. Only a hash of it
    /// is kept, as [`HttpKey::secret`] makes it.
    ///
    /// It has to be one that callers cannot make up at will: an API key that was checked before, or what a
    /// proxy of your own sets. `X-Forwarded-For` as it comes is what the caller wants it to be.
    #[must_use]
    pub fn by_header(name: HeaderName) -> Self {
        Self::by(move |headers, _| {
            let value = headers.get(&name)?.as_bytes();
            (!value.is_empty()).then(|| HttpKey::secret(value))
        })
    }

    /// What a layer before this one has put into the request's extensions says who asks, such as the
    /// user that it has made sure of.
    ///
    /// ```
    /// use tower_quota::HttpCost;
    ///
    /// #[derive(Clone)]
    /// struct User {
    ///     id: u64,
    /// }
    ///
    /// let cost = HttpCost::by_extension(|user: &User| user.id);
    /// # drop(cost);
    /// ```
    #[must_use]
    pub fn by_extension<T, K>(key: impl Fn(&T) -> K + Send + Sync + 'static) -> Self
    where
        T: Clone + Send + Sync + 'static,
        K: Into<HttpKey>,
    {
        Self::by(move |_, extensions| extensions.get().map(|found| key(found).into()))
    }

    /// The address of the peer says who asks, as a server puts it into the request's extensions; all
    /// addresses of an IPv6 network of 64 bits are one.
    ///
    /// ```
    /// use std::net::SocketAddr;
    /// use axum::extract::ConnectInfo;
    /// use tower_quota::HttpCost;
    ///
    /// // With `into_make_service_with_connect_info::<SocketAddr>()`.
    /// let cost = HttpCost::by_peer(|peer: &ConnectInfo<SocketAddr>| peer.ip());
    /// # drop(cost);
    /// ```
    #[must_use]
    pub fn by_peer<T>(address: impl Fn(&T) -> IpAddr + Send + Sync + 'static) -> Self
    where
        T: Clone + Send + Sync + 'static,
    {
        Self::by_extension(address)
    }

    fn by(
        find: impl Fn(&HeaderMap, &Extensions) -> Option<HttpKey> + Send + Sync + 'static,
    ) -> Self {
        Self {
            find: Arc::new(find),
            serves: false,
        }
    }

    /// For a server of our own.
    pub(super) fn serving(self) -> Self {
        Self {
            serves: true,
            ..self
        }
    }
}

impl<B, R, E> Cost<Request<B>, Response<R>, E> for HttpCost {
    type Key = HttpKey;
    type Context = ();

    fn ask(&self, req: &Request<B>) -> (Ask<HttpKey>, ()) {
        let key = (self.find)(req.headers(), req.extensions());
        (Ask::new(key.unwrap_or(HttpKey::NOBODY)), ())
    }

    fn settle(&self, (): &(), result: &mut Result<Response<R>, E>) -> Settle {
        match result {
            Ok(res) if res.status() == StatusCode::TOO_MANY_REQUESTS && !self.serves => {
                match retry_after(res.headers(), SystemTime::now) {
                    Some(hint) => Settle::throttled().retry_after(hint),
                    None => Settle::throttled(),
                }
            }
            _ => Settle::Reserved,
        }
    }
}

impl fmt::Debug for HttpCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCost").finish_non_exhaustive()
    }
}
