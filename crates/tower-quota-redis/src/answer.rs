use redis::{ErrorKind, FromRedisValue, Value, from_redis_value};
use tower_quota::shared::{Append, Appended, Entry, Loaded, Position, Tail};
use tower_redis_connection::RedisServerError;

use crate::packed::{State, unpack};

/// An entry as the stream has it: its id, and its fields.
type Logged = (String, Vec<(String, Vec<u8>)>);

/// What the script `append` says of what it has appended.
const FACTS: u8 = 1;
const CLAIM: u8 = 2;

/// What `append` has come to by the answer of the script.
pub(crate) fn appended(append: Append, answer: Value) -> Result<Appended, RedisServerError> {
    if answer == Value::Nil {
        return Ok(Appended::Elsewhere);
    }
    let (state, what, logged): (Vec<u8>, u8, Vec<Logged>) = read(answer)?;
    let mut tail = tail(append.seen.epoch, &state, logged)?;
    // What was sent does not come back.
    if what >= FACTS {
        let claim = append.claim.filter(|_| what == CLAIM);
        tail.entries.push(Entry {
            number: tail.position.number,
            at: tail.at,
            facts: append.facts,
            claim: claim.map(|claim| claim.bytes),
        });
    }
    Ok(Appended::Tail(tail))
}

/// What the script `load` answers.
pub(crate) fn loaded(answer: Value) -> Result<Loaded, RedisServerError> {
    type Answer = (Vec<u8>, Vec<u8>, u64, Option<Vec<u8>>, Vec<Logged>);
    let (epoch, state, kept, bytes, logged): Answer = read(answer)?;
    let epoch = <[u8; 8]>::try_from(epoch).map_err(|_| unexpected())?;
    let epoch = u64::from_le_bytes(epoch);
    Ok(Loaded {
        snapshot: bytes.map(|bytes| (kept, bytes)),
        tail: tail(epoch, &state, logged)?,
    })
}

fn read<T: FromRedisValue>(answer: Value) -> Result<T, RedisServerError> {
    from_redis_value(answer).map_err(|_| unexpected())
}

fn unexpected() -> RedisServerError {
    ErrorKind::UnexpectedReturnType.into()
}

fn tail(epoch: u64, state: &[u8], logged: Vec<Logged>) -> Result<Tail, RedisServerError> {
    let (state, _) = State::unpack(state).ok_or_else(unexpected)?;
    let entries = logged.into_iter().map(entry);
    Ok(Tail {
        position: Position {
            epoch,
            number: state.number,
        },
        at: state.at,
        totals: state.totals,
        entries: entries.collect::<Option<_>>().ok_or_else(unexpected)?,
    })
}

fn entry((id, fields): Logged) -> Option<Entry> {
    let (mut at, mut facts, mut claim) = (None, None, None);
    for (name, value) in fields {
        match name.as_str() {
            "at" => at = unpack(&value).map(|(at, _)| at),
            "facts" => facts = Some(value),
            "claim" => claim = Some(value),
            _ => {}
        }
    }
    Some(Entry {
        number: id.strip_suffix("-0")?.parse().ok()?,
        at: at?,
        facts: facts?,
        claim,
    })
}
