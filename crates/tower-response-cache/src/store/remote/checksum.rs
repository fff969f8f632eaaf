use std::hash::{Hash, Hasher};

/// FNV-1a of 64 bits (RFC draft-eastlake-fnv), which is the same in every process: it finds records that
/// were mixed up or spoiled, not ones that were forged.
pub(super) struct Checksum(u64);

impl Checksum {
    pub(super) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Of a key and the bytes that belong to it.
    pub(super) fn of<K: Hash>(key: &K, bytes: &[u8]) -> u64 {
        let mut sum = Self::new();
        key.hash(&mut sum);
        sum.write(bytes);
        sum.finish()
    }
}

impl Hasher for Checksum {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
