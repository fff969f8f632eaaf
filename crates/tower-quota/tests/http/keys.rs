//! Who asks: by a header, an extension, the peer's address, or nobody.

use std::net::IpAddr;

use crate::support::{KEY, Req, from, server, with};
use proptest::prelude::*;
use tower_quota::{HttpKey, HttpQuotaLayer, Limit, Limits};

/// Whether two requests share an account of one call a minute.
fn share(layer: &HttpQuotaLayer, one: Req, other: Req) -> bool {
    let mut server = server(layer);
    assert_eq!(server(one).status(), 200);
    server(other).status() == 429
}

fn by_header() -> HttpQuotaLayer {
    HttpQuotaLayer::by_header(Limit::calls_per_minute(1), KEY)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn header_tells_callers_apart_byte_by_byte() {
    assert!(share(&by_header(), from(b"a"), from(b"a")));
    assert!(!share(&by_header(), from(b"a"), from(b"A")));
    assert!(!share(&by_header(), from(b"a"), from(b"a ,b")));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn value_that_is_no_text_or_longer_than_any_name_is_a_key_like_others() {
    assert!(share(
        &by_header(),
        from(b"\xff\xfe\x80"),
        from(b"\xff\xfe\x80")
    ));
    assert!(!share(
        &by_header(),
        from(b"\xff\xfe\x80"),
        from(b"\xff\xfe\x81")
    ));
    let long = vec![b'x'; 100_000];
    let mut other = long.clone();
    other[99_999] = b'y';
    assert!(share(&by_header(), from(&long), from(&long)));
    assert!(!share(&by_header(), from(&long), from(&other)));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn requests_without_a_key_share_one() {
    assert!(share(&by_header(), Req::default(), Req::default()));
    assert!(share(&by_header(), Req::default(), from(b"")));
    assert!(!share(&by_header(), Req::default(), from(b"a")));
    let by_extension = || HttpQuotaLayer::by_extension(Limit::calls_per_minute(1), |id: &u64| *id);
    assert!(share(&by_extension(), Req::default(), Req::default()));
    assert!(!share(&by_extension(), Req::default(), with(7_u64)));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn extension_tells_callers_apart() {
    let layer = || HttpQuotaLayer::by_extension(Limit::calls_per_minute(1), |id: &u64| *id);
    assert!(share(&layer(), with(7_u64), with(7_u64)));
    assert!(!share(&layer(), with(7_u64), with(8_u64)));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn addresses_of_one_network_are_one_peer() {
    let layer = || HttpQuotaLayer::by_peer(Limit::calls_per_minute(1), |peer: &IpAddr| *peer);
    let peer = |text: &str| with(text.parse::<IpAddr>().unwrap());
    let same = |one, other| share(&layer(), peer(one), peer(other));
    assert!(same("192.0.2.1", "192.0.2.1"));
    assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
    assert!(!same("192.0.2.1", "192.0.2.2"));
    assert!(same("2001:db8::1", "2001:db8::ffff:1:2:3"));
    assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn callers_that_are_not_told_apart_share_the_limits() {
    let layer = HttpQuotaLayer::for_all(Limit::calls_per_minute(1));
    assert!(share(&layer, from(b"a"), from(b"b")));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn each_key_has_the_limits_that_are_meant_for_it() {
    let limits = |key: &HttpKey| {
        let amount = if *key == HttpKey::secret("vip") { 3 } else { 1 };
        Limits::from(Limit::calls_per_minute(amount))
    };
    let layer = HttpQuotaLayer::by_header(limits, KEY);
    let mut server = server(&layer);
    for (key, amount) in [(b"vip".as_slice(), 3), (b"any", 1)] {
        for _ in 0..amount {
            assert_eq!(server(from(key)).status(), 200);
        }
        assert_eq!(server(from(key)).status(), 429);
    }
    let vip = layer.handle().snapshot(&HttpKey::secret("vip")).unwrap();
    assert_eq!(vip.limits[0].used, 3);
}

#[test]
fn text_of_a_key_shows_no_secret_and_is_short() {
    let secret = HttpKey::secret("hunter2");
    assert!(!format!("{secret}{secret:?}").contains("hunter2"));
    assert_eq!(secret, HttpKey::secret(b"hunter2"));
    let long = HttpKey::from(&*"x".repeat(65));
    assert_eq!(long, HttpKey::secret("x".repeat(65)));
    assert_eq!(HttpKey::from(&*"x".repeat(64)).to_string(), "x".repeat(64));
    assert!(long.to_string().len() < 64);
    assert_ne!(HttpKey::from(7), HttpKey::from("7"));
    assert_ne!(HttpKey::NOBODY, HttpKey::EVERYBODY);
}

proptest! {
    #[test]
    fn keys_are_equal_where_values_are(
        one in prop::collection::vec(any::<u8>(), 0..80),
        other in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let equal = HttpKey::secret(&one) == HttpKey::secret(&other);
        prop_assert_eq!(equal, one == other);
        prop_assert_eq!(HttpKey::secret(&one), HttpKey::secret(&one));
    }
}
