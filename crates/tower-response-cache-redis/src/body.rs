//! The bytes of a record as Redis keeps them.

/// How the rest is to be read: the first byte.
const PLAIN: u8 = 0;
const LZ4: u8 = 1;

/// No block of LZ4 becomes longer than that many times its length.
const MOST: usize = 255;

/// Compresses bytes above that length, if it makes them shorter.
pub(crate) fn pack(bytes: &[u8], compress_above: usize) -> Vec<u8> {
    let mut packed = vec![LZ4];
    if bytes.len() > compress_above {
        packed.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        packed.extend_from_slice(&lz4_flex::block::compress(bytes));
        if packed.len() <= bytes.len() {
            return packed;
        }
    }
    packed.clear();
    packed.push(PLAIN);
    packed.extend_from_slice(bytes);
    packed
}

/// What [`pack`] has packed; `None` for anything else.
pub(crate) fn unpack(mut packed: Vec<u8>) -> Option<Vec<u8>> {
    match *packed.first()? {
        PLAIN => {
            packed.remove(0);
            Some(packed)
        }
        LZ4 => {
            let (length, block) = packed[1..].split_first_chunk()?;
            let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
            // Spoiled bytes must not ask for all the memory there is.
            if length > block.len().saturating_mul(MOST) {
                return None;
            }
            lz4_flex::block::decompress(block, length).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn long_bytes_are_compressed_if_that_helps() {
        let text = "why? because. ".repeat(200).into_bytes();
        assert!(pack(&text, 1024).len() < text.len() / 10);
        assert_eq!(pack(&text, text.len()).len(), text.len() + 1);
        let mut rng = fastrand::Rng::with_seed(1);
        let noise: Vec<u8> = (0..4096).map(|_| rng.u8(..)).collect();
        assert_eq!(pack(&noise, 0).len(), noise.len() + 1);
    }

    #[test]
    fn length_beyond_all_reason_is_refused() {
        let mut packed = pack(&[7; 4096], 0);
        packed[8] = 0x7f;
        assert_eq!(unpack(packed), None);
    }

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(bytes in vec(0u8..4, 0..2000), above in 0usize..2000) {
            prop_assert_eq!(unpack(pack(&bytes, above)), Some(bytes));
        }

        #[test]
        fn spoiled_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
            let _ = unpack(bytes);
        }
    }
}
