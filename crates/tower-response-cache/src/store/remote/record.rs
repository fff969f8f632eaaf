use std::{hash::Hash, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Codec, RemoteEntry, checksum::Checksum, wall_clock};
use crate::{policy::Keep, store::Entry};

/// The version of the form. Another one is read as nothing: processes of both versions may share a
/// store while one is replaced by the other.
const VERSION: u8 = 2;

/// The version and the checksum: bytes.
const HEAD: usize = 9;

/// Writes an entry for a remote store: the version of this form, the checksum of the key and of all that
/// follows, when the call began and when the answer came in microseconds since 1970, three times in
/// milliseconds, the weight and the number of tags, then each tag behind its length, then the value. All
/// numbers have 8 bytes, little-endian.
pub(crate) fn write<K: Hash, V: Codec>(key: &K, entry: &Entry<V>) -> Option<RemoteEntry> {
    let value = entry.value().encode()?;
    let keep = entry.keep();
    let mut bytes = Vec::with_capacity(HEAD + 7 * 8 + value.len());
    bytes.push(VERSION);
    // The place of the checksum.
    number(&mut bytes, 0);
    number(&mut bytes, entry.began());
    number(&mut bytes, wall_clock::micros(entry.stored_at()));
    for time in [keep.ttl, keep.while_revalidate, keep.if_error] {
        number(&mut bytes, millis(time));
    }
    number(&mut bytes, keep.weight);
    number(&mut bytes, keep.tags().len() as u64);
    for tag in keep.tags() {
        number(&mut bytes, tag.len() as u64);
        bytes.extend_from_slice(tag.as_bytes());
    }
    bytes.extend_from_slice(&value);
    let sum = Checksum::of(key, &bytes[HEAD..]);
    bytes[1..HEAD].copy_from_slice(&sum.to_le_bytes());
    Some(RemoteEntry {
        bytes,
        expires_in: keep.lifetime(),
        version: entry.began(),
        tags: keep.shared_tags(),
    })
}

/// Reads what [`write()`] wrote; what anything else wrote is `None`.
pub(crate) fn read<K: Hash, V: Codec>(
    key: &K,
    remote: &RemoteEntry,
    now: Instant,
) -> Option<Entry<V>> {
    let (version, mut rest) = remote.bytes.split_first()?;
    if *version != VERSION {
        return None;
    }
    if take_number(&mut rest)? != Checksum::of(key, rest) {
        return None;
    }
    let began = take_number(&mut rest)?;
    let answered = take_number(&mut rest)?;
    let mut times = [Duration::ZERO; 3];
    for time in &mut times {
        *time = match take_number(&mut rest)? {
            u64::MAX => Duration::MAX,
            millis => Duration::from_millis(millis),
        };
    }
    let weight = take_number(&mut rest)?;
    let mut tags: Vec<Arc<str>> = Vec::new();
    for _ in 0..take_number(&mut rest)? {
        let length = usize::try_from(take_number(&mut rest)?).ok()?;
        let (tag, after) = rest.split_at_checked(length)?;
        tags.push(std::str::from_utf8(tag).ok()?.into());
        rest = after;
    }
    let keep = Keep::new(times[0])
        .stale_while_revalidate(times[1])
        .stale_if_error(times[2])
        .weight(weight)
        .with_tags(tags);
    // The remote store knows the time that is left. What is gone of the whole lifetime is the age. The
    // store began to count when it was written to, though, which may have taken long.
    let age = keep.lifetime().saturating_sub(remote.expires_in);
    let since = Duration::from_micros(wall_clock::micros(now).saturating_sub(answered));
    let entry = Entry::new(V::decode(rest)?, keep, now).with_began(began);
    Some(entry.aged(age.max(since), now))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn number(bytes: &mut Vec<u8>, number: u64) {
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u64::from_le_bytes(*number))
}

#[cfg(test)]
mod tests;
