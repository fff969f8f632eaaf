//! Frames as they are on the wire, and frames that are not quite.
//!
//! Written from the format alone: the SDK's encoder makes no wrong ones.

use super::input::Input;

/// A frame of `application/vnd.amazon.eventstream` whose checksums are right, but for what `fault` spoils.
pub(super) fn encode(
    headers: &[(&str, &str)],
    payload: &[u8],
    fault: u8,
    input: &mut Input<'_>,
) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(name.len() as u8);
        head.extend_from_slice(name.as_bytes());
        // A string, unless its type is spoiled.
        head.push(if fault == SPOILED_TYPE {
            input.byte()
        } else {
            7
        });
        head.extend_from_slice(&(value.len() as u16).to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let mut total = (head.len() + payload.len() + 16) as u32;
    let mut head_length = head.len() as u32;
    match fault {
        SPOILED_TOTAL => total = total.wrapping_add_signed(i32::from(input.byte() as i8)),
        SPOILED_HEAD => {
            head_length = head_length.wrapping_add_signed(i32::from(input.byte() as i8));
        }
        _ => {}
    }
    let mut frame = Vec::new();
    frame.extend_from_slice(&total.to_be_bytes());
    frame.extend_from_slice(&head_length.to_be_bytes());
    let spoil = |of: u8| u32::from(fault == of);
    let checksum = crc32(&frame) ^ spoil(SPOILED_PRELUDE);
    frame.extend_from_slice(&checksum.to_be_bytes());
    frame.extend_from_slice(&head);
    frame.extend_from_slice(payload);
    let checksum = crc32(&frame) ^ spoil(SPOILED_CHECKSUM);
    frame.extend_from_slice(&checksum.to_be_bytes());
    frame
}

const SPOILED_TOTAL: u8 = 10;
const SPOILED_HEAD: u8 = 11;
const SPOILED_PRELUDE: u8 = 12;
const SPOILED_CHECKSUM: u8 = 13;
const SPOILED_TYPE: u8 = 15;
/// The payload is cut short, in a frame that is right.
pub(super) const SPOILED_PAYLOAD: u8 = 14;

/// CRC-32 of ISO-HDLC, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
