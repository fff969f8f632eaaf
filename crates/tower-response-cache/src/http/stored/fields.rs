use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Header fields as they are stored: in as little memory as they need, and in memory of their own. A
/// value that came over a connection would hold on to the buffer it was read into.
#[derive(Debug)]
pub(super) struct Fields(Box<[(HeaderName, HeaderValue)]>);

/// What `Bytes` that were cloned have on the heap beside their bytes.
pub(super) const SHARED: usize = 4 * size_of::<usize>();

/// What a hop writes for the next one: not stored, by RFC 9111, section 3.1.
const OF_ONE_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
/// What says how to read the body that is stored, and which one it is.
const OF_THE_BODY: [HeaderName; 6] = [
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::ETAG,
    header::LAST_MODIFIED,
];
const ALSO_OF_ONE_HOP: [&str; 3] = [
    "keep-alive",
    "proxy-connection",
    "proxy-authentication-info",
];

impl Fields {
    /// All of `headers` that are for more than one hop.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let kept = || of_all_hops(headers);
        let values: Vec<u8> = kept()
            .flat_map(|(_, value)| value.as_bytes())
            .copied()
            .collect();
        let values = Bytes::from(values.into_boxed_slice());
        let mut start = 0;
        let fields = kept().map(|(name, value)| {
            let end = start + value.len();
            let mut own = HeaderValue::from_maybe_shared(values.slice(start..end))
                .expect("these bytes were a value");
            own.set_sensitive(value.is_sensitive());
            start = end;
            (name.clone(), own)
        });
        Self(fields.collect())
    }

    pub(super) fn to_map(&self) -> HeaderMap {
        // Room for the two that the cache writes.
        let mut headers = HeaderMap::with_capacity(self.0.len() + 2);
        for (name, value) in &self.0 {
            headers.append(name, value.clone());
        }
        headers
    }

    /// The fields with those that a 304 tells, whose answers' own age and date are over: RFC 9111, section
    /// 3.2. Those of the body stay.
    pub(super) fn updated(&self, told: &HeaderMap) -> HeaderMap {
        let mut headers = self.to_map();
        headers.remove(header::AGE);
        headers.remove(header::DATE);
        let new = || of_all_hops(told).filter(|(name, _)| !OF_THE_BODY.contains(*name));
        for (name, _) in new() {
            headers.remove(name);
        }
        for (name, value) in new() {
            headers.append(name.clone(), value.clone());
        }
        headers
    }

    /// What they have on the heap: bytes.
    pub(super) fn weight(&self) -> usize {
        let each = |(name, value): &(HeaderName, HeaderValue)| {
            // A name that is not one of the well-known is shared by all its clones.
            let name = name.as_str().len() + SHARED;
            size_of::<(HeaderName, HeaderValue)>() + name + value.len()
        };
        self.0.iter().map(each).sum::<usize>() + SHARED
    }
}

fn of_all_hops(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let all = headers.iter();
    all.filter(|(name, _)| !is_of_one_hop(name) && !is_named(headers, name))
}

fn is_of_one_hop(name: &HeaderName) -> bool {
    OF_ONE_HOP.contains(name) || ALSO_OF_ONE_HOP.contains(&name.as_str())
}

/// Whether the `Connection` of `headers` names the field.
fn is_named(headers: &HeaderMap, name: &HeaderName) -> bool {
    let lines = headers.get_all(header::CONNECTION).iter();
    lines
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .any(|named| {
            named
                .trim_ascii()
                .eq_ignore_ascii_case(name.as_str().as_bytes())
        })
}
