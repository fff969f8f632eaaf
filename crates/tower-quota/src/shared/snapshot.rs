use serde::{Deserialize, Serialize};

use super::log::Totals;
use super::replica::Replica;
use super::turn::{decode, encode};
use crate::account::Account;

/// All that is known of a key, as it is kept for those who come.
#[derive(Deserialize)]
struct Snapshot {
    account: Account,
    replica: Replica,
    totals: (u64, u64, u64),
}

/// The same, borrowed.
#[derive(Serialize)]
struct SnapshotOf<'a> {
    account: &'a Account,
    replica: &'a Replica,
    totals: (u64, u64, u64),
}

pub(crate) fn write(account: &Account, replica: &Replica) -> Vec<u8> {
    let Totals {
        calls,
        tokens,
        stops,
    } = replica.totals;
    let mut bytes = encode(&SnapshotOf {
        account,
        replica,
        totals: (calls, tokens, stops),
    });
    let sum = checksum(&bytes);
    bytes.extend(sum);
    bytes
}

/// What was written, if it is whole and of this version. Its position is not in it.
pub(crate) fn read(bytes: &[u8]) -> Option<(Account, Replica)> {
    let (bytes, sum) = bytes.split_last_chunk()?;
    if *sum != checksum(bytes) {
        return None;
    }
    let snapshot: Snapshot = decode(bytes)?;
    let (calls, tokens, stops) = snapshot.totals;
    let totals = Totals {
        calls,
        tokens,
        stops,
    };
    let replica = Replica {
        totals,
        ..snapshot.replica
    };
    Some((snapshot.account, replica))
}

/// Against bytes that were cut or changed by accident: FNV-1a.
fn checksum(bytes: &[u8]) -> [u8; 8] {
    let sum = bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    sum.to_le_bytes()
}

#[cfg(test)]
mod tests;
