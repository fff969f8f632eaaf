use proptest::prelude::*;

use super::super::log::Entry;
use super::super::turn::{Begins, Ended, Facts, Late, Wanted};
use super::*;
use crate::limit::Limit;

const SECOND: u64 = 1_000_000_000;
const RAISE: &str = "what is written has another form than before: processes of both versions would take it for the same. Raise \
    FORMAT in turn.rs, and put what `cargo test … print_what_is_pinned -- --ignored --nocapture` shows into snapshot/pinned.txt";

fn from_hex(hex: &str) -> Vec<u8> {
    let hex: Vec<_> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap();
    hex.chunks(2).map(byte).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    let lines = bytes.chunks(60).map(|line| {
        line.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn facts() -> Facts {
    let throttled = Ended::Throttled {
        tokens: Some(true),
        hold: Some(SECOND),
    };
    Facts {
        member: 2,
        late: vec![Late {
            call: 1,
            tokens: 40,
            is_over: false,
            ago: 1_500,
        }],
        lacks: (1, 2),
        confirmed: vec![3],
        ended: vec![
            (1, Ended::Came(7)),
            (4, throttled),
            (5, Ended::Kept),
            (6, Ended::Refunded),
            (7, Ended::Exhausted(9)),
        ],
        line: Some(vec![
            Wanted {
                class: 1,
                tokens: 10,
                worth: 20,
            },
            Wanted {
                class: 0,
                tokens: 1,
                worth: 2,
            },
        ]),
        silent: vec![1],
    }
}

fn begins(member: u64, first: u64, tokens: &[u64]) -> Begins {
    Begins {
        member,
        first,
        tokens: tokens.to_vec(),
    }
}

/// An account in which much has happened.
fn fixed() -> (Account, Replica) {
    let limits = vec![
        Limit::tokens_per_minute(60_000).burst(4_000),
        Limit::calls_per_minute(600).window(),
        Limit::tokens_per_day(1_000_000),
        Limit::tokens_per_minute(1).probing(),
    ];
    let mut account = Account::of_several(limits, SECOND);
    let mut replica = Replica::default();
    let mut number = 0;
    let mut add = |at: u64, facts: Facts, claim: Option<Begins>| {
        number += 1;
        let claim = claim.map(|claim| encode(&claim));
        let entry = Entry {
            number,
            at,
            facts: encode(&facts),
            claim,
        };
        replica.fold(&mut account, &entry).expect("there is no gap");
    };
    for n in 0..40 {
        let mut told = Facts::of(1);
        told.line = Some(vec![Wanted {
            class: 1,
            tokens: n,
            worth: n,
        }]);
        let ended = if n % 9 == 8 {
            facts().ended[1].1
        } else {
            Ended::Came(n)
        };
        told.ended = n
            .checked_sub(1)
            .map(|before| (2 * before + 1, ended))
            .into_iter()
            .collect();
        add(
            2_000_000 + 400_000 * n,
            told,
            Some(begins(1, 2 * n + 1, &[900, 100])),
        );
    }
    add(
        20_000_000,
        Facts::default(),
        Some(begins(2, 2, &[5_000, 700, 20, 30, 10, 1])),
    );
    add(21_000_000, facts(), Some(begins(2, 9, &[70_000])));
    (account, replica)
}

fn pinned() -> [Vec<u8>; 3] {
    let (account, replica) = fixed();
    [
        write(&account, &replica),
        encode(&facts()),
        encode(&begins(3, 4, &[1, 1_000])),
    ]
}

#[test]
#[ignore = "prints what is to be pinned"]
fn print_what_is_pinned() {
    println!("{}", pinned().map(|bytes| to_hex(&bytes)).join("\n\n"));
}

/// Another account may come of the same calls by a later version, but its form is that of its format.
#[test]
fn whoever_changes_the_form_raises_the_format() {
    let text = include_str!("pinned.txt").replace("\r\n", "\n");
    let pinned: Vec<_> = text.split("\n\n").map(from_hex).collect();
    assert!(pinned[0][0] == encode(&())[0], "FORMAT was raised. {RAISE}");
    let (account, replica) = read(&pinned[0]).expect(RAISE);
    assert!(write(&account, &replica) == pinned[0], "{RAISE}");
    let told: Facts = decode(&pinned[1]).expect(RAISE);
    assert!(told == facts(), "{RAISE}");
    let claim: Begins = decode(&pinned[2]).expect(RAISE);
    assert!(claim == begins(3, 4, &[1, 1_000]), "{RAISE}");
}

#[test]
fn what_was_written_is_read() {
    let (account, mut replica) = fixed();
    replica.totals = Totals {
        calls: 1,
        tokens: 2,
        stops: 3,
    };
    let written = write(&account, &replica);
    let (account, read) = read(&written).expect("it is whole");
    assert_eq!(read.totals, replica.totals);
    assert_eq!(write(&account, &read), written);
}

#[test]
fn nothing_is_read_of_what_was_cut() {
    let [written, told, claim] = pinned();
    for len in 0..written.len() {
        assert!(
            read(&written[..len]).is_none(),
            "{len} of {} bytes",
            written.len()
        );
    }
    for len in 0..told.len() {
        assert!(decode::<Facts>(&told[..len]).is_none());
    }
    for len in 0..claim.len() {
        assert!(decode::<Begins>(&claim[..len]).is_none());
    }
}

proptest! {
    #[test]
    fn nothing_is_read_of_what_was_changed(at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let [mut written, ..] = pinned();
        let at = at.index(written.len());
        written[at] ^= 1 << bit;
        prop_assert!(read(&written).is_none(), "bit {} of byte {}", bit, at);
    }

    /// Another version's, however it goes on.
    #[test]
    fn nothing_is_read_of_another_format(format in any::<u8>(), bytes in any::<Vec<u8>>()) {
        let mut all = [encode(&()), bytes].concat();
        prop_assume!(format != all[0]);
        all[0] = format;
        prop_assert!(decode::<Facts>(&all).is_none());
        prop_assert!(decode::<Begins>(&all).is_none());
        all.extend(checksum(&all));
        prop_assert!(read(&all).is_none());
    }

    /// Even if the sum is right.
    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
        let mut all = [encode(&()), bytes].concat();
        drop(decode::<Facts>(&all));
        drop(decode::<Begins>(&all));
        drop(read(&all));
        all.extend(checksum(&all));
        drop(read(&all));
    }
}
