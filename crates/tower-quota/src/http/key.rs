use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, OnceLock};

/// Who asks, as [`HttpCost`](crate::HttpCost) tells requests apart.
///
/// It takes up a few bytes, whatever a request says, and its text shows no secret: it appears in errors and
/// events.
///
/// ```
/// use std::net::IpAddr;
/// use tower_quota::HttpKey;
///
/// // What a header says may be a password: only a hash of it is kept.
/// let secret = HttpKey::secret("hunter2");
/// assert!(!format!("{secret} {secret:?}").contains("hunter2"));
/// assert_eq!(HttpKey::from("acme").to_string(), "acme");
/// assert_eq!(HttpKey::from(42).to_string(), "42");
/// // Whoever has one address of IPv6 has 2^64 of them.
/// let address: IpAddr = "2001:db8:1:2:3:4:5:6".parse().unwrap();
/// assert_eq!(HttpKey::from(address).to_string(), "2001:db8:1:2::/64");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HttpKey(Who);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Who {
    Everybody,
    Nobody,
    Number(u64),
    Name(Arc<str>),
    Network(IpAddr),
    /// By two hashes of 64 bits, which nobody outside of this process can find a second value for.
    Hashed(u64, u64),
}

/// A name of more bytes is hashed.
const LONGEST: usize = 64;

impl HttpKey {
    /// The key of all requests where they are not told apart.
    pub const EVERYBODY: Self = Self(Who::Everybody);

    /// The key that all requests share that do not say who asks.
    pub const NOBODY: Self = Self(Who::Nobody);

    /// By a hash of `value`, such as of what a header says. The hash is another one in each process.
    ///
    /// [`HttpCost::by_header`](crate::HttpCost::by_header) makes such keys: `HttpKey::secret("text")` is the
    /// key of requests whose header says `text`.
    #[must_use]
    pub fn secret(value: impl AsRef<[u8]>) -> Self {
        static HASHERS: OnceLock<[RandomState; 2]> = OnceLock::new();
        let [one, two] = HASHERS.get_or_init(|| [(); 2].map(|()| RandomState::new()));
        let value = value.as_ref();
        Self(Who::Hashed(one.hash_one(value), two.hash_one(value)))
    }
}

impl From<u64> for HttpKey {
    fn from(number: u64) -> Self {
        Self(Who::Number(number))
    }
}

/// A name that may be shown. One of more than 64 bytes is [hashed](HttpKey::secret).
impl From<Arc<str>> for HttpKey {
    fn from(name: Arc<str>) -> Self {
        match name.len() {
            0..=LONGEST => Self(Who::Name(name)),
            _ => Self::secret(&*name),
        }
    }
}

/// A name that may be shown. One of more than 64 bytes is [hashed](HttpKey::secret).
impl From<&str> for HttpKey {
    fn from(name: &str) -> Self {
        match name.len() {
            0..=LONGEST => Self(Who::Name(name.into())),
            _ => Self::secret(name),
        }
    }
}

/// An address of IPv4, or the network of 64 bits that an address of IPv6 is in.
impl From<IpAddr> for HttpKey {
    fn from(address: IpAddr) -> Self {
        const NETWORK: u128 = !0 << 64;
        Self(Who::Network(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & NETWORK).into(),
            address @ IpAddr::V4(_) => address,
        }))
    }
}

impl fmt::Display for HttpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Who::Everybody => f.write_str("all requests"),
            Who::Nobody => f.write_str("requests without a key"),
            Who::Number(number) => write!(f, "{number}"),
            Who::Name(name) => f.write_str(name),
            Who::Network(IpAddr::V4(address)) => write!(f, "{address}"),
            Who::Network(IpAddr::V6(network)) => write!(f, "{network}/64"),
            Who::Hashed(hash, _) => write!(f, "key {hash:016x}"),
        }
    }
}

impl fmt::Debug for HttpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpKey({self})")
    }
}
