use std::time::Duration;

use proptest::{collection::vec, prelude::*};
use tokio::time::Instant;

use super::{read, write};
use crate::{
    policy::Keep,
    store::remote::{Codec, RemoteEntry},
    store::{Entry, Freshness},
};

const KEY: &str = "key";

#[derive(Clone, Debug, PartialEq)]
struct Bytes(Vec<u8>);

impl Codec for Bytes {
    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.clone())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.to_vec()))
    }
}

fn keep() -> impl Strategy<Value = Keep> {
    let millis = || {
        prop_oneof![
            (0..10_000u64).prop_map(Duration::from_millis),
            Just(Duration::MAX)
        ]
    };
    let tags = vec("[a-zäß]{0,5}", 0..4);
    (millis(), millis(), millis(), any::<u64>(), tags).prop_map(
        |(ttl, while_, if_, weight, tags)| {
            Keep::new(ttl)
                .stale_while_revalidate(while_)
                .stale_if_error(if_)
                .weight(weight)
                .with_tags(tags)
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(keep in keep(), value in vec(any::<u8>(), 0..50)) {
        let now = Instant::now();
        let written = write(&KEY, &Entry::new(Bytes(value.clone()), keep.clone(), now)).unwrap();
        let read = read::<_, Bytes>(&KEY, &written, now).unwrap();
        prop_assert_eq!(read.keep(), &keep);
        prop_assert_eq!(read.stored_at(), now);
        prop_assert_eq!(read.into_value(), Bytes(value));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..80), version in any::<bool>()) {
        let mut bytes = bytes;
        if version {
            // As if it had been written so.
            let sum = super::Checksum::of(&KEY, &bytes).to_le_bytes();
            bytes = [&[super::VERSION], &sum[..], &bytes].concat();
        }
        let _ = read::<_, Bytes>(&KEY, &RemoteEntry::new(bytes, Duration::ZERO), Instant::now());
    }

    #[test]
    fn entry_of_any_age_is_as_fresh_as_it_was(
        times in [0..10_000u64, 0..10_000, 0..10_000],
        age in 0.0..1.0f64,
        later in 0..10_000u64,
    ) {
        let [ttl, revalidate, error] = times.map(Duration::from_millis);
        let keep = Keep::new(ttl).stale_while_revalidate(revalidate).stale_if_error(error);
        let age = keep.lifetime().mul_f64(age);
        let now = Instant::now();
        let mut remote = write(&KEY, &Entry::new(Bytes(Vec::new()), keep.clone(), now)).unwrap();
        let expected = Entry::new(Bytes(Vec::new()), keep.clone(), now);
        let at = age + Duration::from_millis(later);
        let expected = expected.freshness(now + at);
        remote.expires_in = remote.expires_in.saturating_sub(age);

        let read = read::<_, Bytes>(&KEY, &remote, now).unwrap();
        prop_assert_eq!(read.freshness(now + Duration::from_millis(later)), expected);
        let short = Entry::new(Bytes(Vec::new()), keep.shortened(age), now);
        prop_assert_eq!(short.freshness(now + Duration::from_millis(later)), expected);
    }
}

#[test]
fn what_is_older_than_the_lifetime_is_expired() {
    let now = Instant::now();
    let keep = Keep::new(Duration::from_secs(1));
    let mut remote = write(&KEY, &Entry::new(Bytes(Vec::new()), keep, now)).unwrap();
    remote.expires_in = Duration::ZERO;
    let read = read::<_, Bytes>(&KEY, &remote, now).unwrap();
    assert_eq!(read.freshness(now), Freshness::Expired);
}

#[test]
fn record_of_another_key_or_with_a_bit_flipped_is_none() {
    let now = Instant::now();
    let keep = Keep::new(Duration::from_secs(60)).with_tags(["tag"]);
    let written = write(&KEY, &Entry::new(Bytes(vec![1, 2, 3]), keep, now)).unwrap();
    assert!(read::<_, Bytes>(&"other", &written, now).is_none());
    for bit in 0..written.bytes.len() * 8 {
        let mut spoiled = written.clone();
        spoiled.bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(read::<_, Bytes>(&KEY, &spoiled, now).is_none(), "{bit}");
    }
    assert!(read::<_, Bytes>(&KEY, &written, now).is_some());
}

#[test]
fn life_counts_from_the_answer_however_long_the_write_took() {
    let now = Instant::now();
    let keep = Keep::new(Duration::from_secs(60));
    let written = write(&KEY, &Entry::new(Bytes(Vec::new()), keep, now)).unwrap();
    // The store counts the 60 seconds from the end of the write.
    let landed = now + Duration::from_secs(50);
    let read = read::<_, Bytes>(&KEY, &written, landed).unwrap();
    let freshness = |after| read.freshness(landed + Duration::from_secs(after));
    assert_eq!(freshness(9), Freshness::Fresh);
    assert_eq!(freshness(11), Freshness::Expired);
}

#[test]
fn record_says_when_its_call_began() {
    let now = Instant::now();
    let entry = Entry::new(Bytes(Vec::new()), Keep::new(Duration::from_secs(60)), now);
    let written = write(&KEY, &entry.with_began(17)).unwrap();
    assert_eq!(read::<_, Bytes>(&KEY, &written, now).unwrap().began(), 17);
}
