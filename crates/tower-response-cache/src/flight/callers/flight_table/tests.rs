use std::{collections::HashSet, sync::Arc, time::Duration};

use proptest::{collection::vec, prelude::*, sample::subsequence};
use tokio::time::Instant;

use super::{Ended, FlightTable, Place, Write};
use crate::store::Scope;

const SECOND: Duration = Duration::from_secs(1);
const TAGS: [&str; 2] = ["red", "blue"];

/// Flights in the order of their start, in one list.
#[derive(Default)]
struct Model(Vec<ModelFlight>);

struct ModelFlight {
    id: u64,
    key: u8,
    keepable: bool,
    joinable: bool,
    writing: bool,
    going_on: Option<u32>,
    deadline: Option<Instant>,
    possible: Option<Vec<&'static str>>,
    tags: Vec<&'static str>,
    revoked: Vec<&'static str>,
    failures: u32,
    waiters: Vec<u32>,
}

#[derive(Clone, Debug)]
enum Step {
    Start(u8),
    Join(u8),
    Leave(usize),
    Next(usize, bool),
    Fail(usize),
    Claim(usize, Vec<&'static str>),
    ExpectTags(usize, Vec<&'static str>),
    SetDeadline(usize, bool),
    SecondGoesBy,
    GoOn(usize),
    Close(usize),
    StartWriting(usize),
    EndIfKeepable(usize),
    End(usize),
    Revoke(u8),
    RevokeTag(&'static str),
    RevokeAll,
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..3u8;
    let at = || 0..8usize;
    prop_oneof![
        4 => key().prop_map(Step::Start),
        8 => key().prop_map(Step::Join),
        3 => (0..64usize).prop_map(Step::Leave),
        3 => (at(), any::<bool>()).prop_map(|(at, goes_on)| Step::Next(at, goes_on)),
        3 => at().prop_map(Step::Fail),
        4 => (at(), subsequence(TAGS.to_vec(), 0..=2)).prop_map(|(at, tags)| Step::Claim(at, tags)),
        3 => at().prop_map(Step::GoOn),
        1 => at().prop_map(Step::Close),
        2 => (at(), subsequence(TAGS.to_vec(), 0..=2)).prop_map(|(at, tags)| Step::ExpectTags(at, tags)),
        2 => (at(), any::<bool>()).prop_map(|(at, set)| Step::SetDeadline(at, set)),
        2 => Just(Step::SecondGoesBy),
        2 => at().prop_map(Step::StartWriting),
        1 => at().prop_map(Step::EndIfKeepable),
        3 => at().prop_map(Step::End),
        1 => key().prop_map(Step::Revoke),
        1 => (0..2usize).prop_map(|at| Step::RevokeTag(TAGS[at])),
        1 => Just(Step::RevokeAll),
    ]
}

impl Model {
    /// Also of flights that have ended: such calls must do no harm.
    fn at(&self, started: &[(u64, u8)], at: usize) -> Option<((u64, u8), Option<usize>)> {
        let &(id, key) = started.iter().rev().nth(at)?;
        Some(((id, key), self.0.iter().position(|f| f.id == id)))
    }
}

fn plain(ended: Ended<u32, u32>) -> (bool, Vec<u32>) {
    (ended.keepable, ended.waiters.into_values().collect())
}

proptest! {
    #[test]
    fn table_does_what_a_plain_list_does(steps in vec(step(), 0..120)) {
        let mut table = FlightTable::new();
        let mut model = Model::default();
        let mut now = Instant::now();
        let mut started = Vec::new();
        let mut places: Vec<(u8, Place, u32)> = Vec::new();
        for (number, step) in (0u32..).zip(steps) {
            match step {
                Step::Start(key) => {
                    let id = table.start(key);
                    started.push((id, key));
                    model.0.push(ModelFlight {
                        id,
                        key,
                        keepable: true,
                        joinable: true,
                        writing: false,
                        going_on: None,
                        deadline: None,
                        possible: None,
                        tags: Vec::new(),
                        revoked: Vec::new(),
                        failures: 0,
                        waiters: Vec::new(),
                    });
                }
                Step::Join(key) => {
                    let last = model.0.iter_mut().rev().find(|f| f.key == key);
                    let in_time = |f: &ModelFlight| f.deadline.is_none_or(|at| now < at);
                    prop_assert_eq!(
                        table.is_joinable(&key, || now),
                        last.as_ref().is_some_and(|f| f.joinable && in_time(f))
                    );
                    let last = last.filter(|f| f.joinable);
                    let going_on = last.as_ref().and_then(|f| Some((f.id, f.going_on?)));
                    prop_assert_eq!(table.going_on(&key), going_on);
                    let place = table.join(&key, || now, || number);
                    let expected = last.filter(|f| f.going_on.is_none() && in_time(f)).map(|f| {
                        f.waiters.push(number);
                        (f.id, f.deadline)
                    });
                    prop_assert_eq!(place.map(|p| (p.flight, p.deadline)), expected);
                    places.extend(place.map(|place| (key, place, number)));
                }
                Step::Leave(at) => {
                    let Some(&(key, place, waiter)) = places.get(at) else { continue };
                    let left = table.leave(&key, place);
                    let mut expected = None;
                    for flight in &mut model.0 {
                        if let Some(at) = flight.waiters.iter().position(|w| *w == waiter) {
                            expected = Some(flight.waiters.remove(at));
                        }
                    }
                    prop_assert_eq!(left, expected);
                }
                Step::Next(at, goes_on) => {
                    let Some(((id, key), found)) = model.at(&started, at) else { continue };
                    let mut expected = None;
                    if let Some(at) = found {
                        if !model.0[at].waiters.is_empty() {
                            expected = Some(model.0[at].waiters.remove(0));
                            model.0[at].deadline = None;
                        } else if !goes_on && model.0[at].going_on.is_none() {
                            model.0.remove(at);
                        }
                    }
                    prop_assert_eq!(table.next(&key, id, goes_on), expected);
                }
                Step::Fail(at) => {
                    let Some(((id, key), found)) = model.at(&started, at) else { continue };
                    let mut expected = None;
                    if let Some(at) = found {
                        model.0[at].failures += 1;
                        expected = (model.0[at].failures >= 2).then(|| model.0.remove(at));
                    }
                    let expected = expected.map(|f| (f.keepable, f.waiters));
                    prop_assert_eq!(table.fail(&key, id, 2).map(plain), expected);
                }
                Step::Claim(at, tags) => {
                    let Some(((id, key), found)) = model.at(&started, at) else { continue };
                    if let Some(at) = found {
                        let flight = &mut model.0[at];
                        flight.keepable &= !tags.iter().any(|tag| flight.revoked.contains(tag));
                        flight.tags.clone_from(&tags);
                    }
                    let expected = found.is_some_and(|at| model.0[at].keepable);
                    if expected {
                        for earlier in model.0.iter_mut().filter(|f| f.key == key && f.id < id) {
                            earlier.keepable = false;
                        }
                    }
                    let tags = tags.into_iter().map(Arc::from).collect();
                    prop_assert_eq!(table.claim(&key, id, tags), expected);
                }
                Step::ExpectTags(at, tags) => {
                    let Some(((id, key), found)) = model.at(&started, at) else { continue };
                    table.expect_tags(&key, id, tags.iter().copied().map(Arc::from).collect());
                    found.into_iter().for_each(|at| model.0[at].possible = Some(tags.clone()));
                }
                Step::SetDeadline(at, set) => {
                    let Some(((id, key), found)) = model.at(&started, at) else { continue };
                    let deadline = set.then(|| now + 3 * SECOND);
                    table.set_deadline(&key, id, deadline);
                    found.into_iter().for_each(|at| model.0[at].deadline = deadline);
                }
                Step::SecondGoesBy => now += SECOND,
                Step::GoOn(at) => {
                    let Some(((id, key), found)) = model.at(&started, at) else { continue };
                    let told = table.go_on(&key, id, number);
                    let expected = found.map(|at| {
                        let flight = &mut model.0[at];
                        flight.going_on = Some(number);
                        (flight.keepable, std::mem::take(&mut flight.waiters))
                    });
                    prop_assert_eq!(plain(told), expected.unwrap_or_default());
                }
                Step::Close(at) => {
                    let Some(((id, key), found)) = model.at(&started, at) else { continue };
                    table.close(&key, id);
                    found.into_iter().for_each(|at| model.0[at].joinable = false);
                }
                Step::StartWriting(at) => {
                    let Some(((id, key), found)) = model.at(&started, at) else { continue };
                    let ended = table.start_writing(&key, id, Write::new().1);
                    let expected = found.map(|at| {
                        let flight = &mut model.0[at];
                        (flight.joinable, flight.writing) = (false, true);
                        flight.going_on = None;
                        (flight.keepable, std::mem::take(&mut flight.waiters))
                    });
                    prop_assert_eq!(plain(ended), expected.unwrap_or_default());
                }
                Step::EndIfKeepable(at) => {
                    let Some(((id, key), found)) = model.at(&started, at) else { continue };
                    let expected = found.is_none_or(|at| model.0[at].keepable);
                    prop_assert_eq!(table.end_if_keepable(&key, id), expected);
                    if let (Some(at), true) = (found, expected) {
                        model.0.remove(at);
                    }
                }
                Step::End(at) => {
                    let Some(((id, key), found)) = model.at(&started, at) else { continue };
                    let ended = table.end(&key, id);
                    let expected = found.map(|at| model.0.remove(at));
                    let expected = expected.map(|f| (f.keepable, f.waiters));
                    prop_assert_eq!(plain(ended), expected.unwrap_or_default());
                }
                Step::Revoke(key) => {
                    table.revoke(&key);
                    for flight in model.0.iter_mut().filter(|f| f.key == key) {
                        (flight.keepable, flight.joinable) = (false, false);
                    }
                }
                Step::RevokeTag(tag) => {
                    table.revoke_tag(&Arc::from(tag));
                    for flight in &mut model.0 {
                        if flight.possible.as_ref().is_some_and(|tags| !tags.contains(&tag)) {
                            continue;
                        }
                        flight.joinable = false;
                        flight.keepable &= !flight.tags.contains(&tag);
                        flight.revoked.push(tag);
                    }
                }
                Step::RevokeAll => {
                    table.revoke_all();
                    for flight in &mut model.0 {
                        (flight.keepable, flight.joinable) = (false, false);
                    }
                }
            }
            let under_way = || model.0.iter().filter(|f| !f.writing);
            let waiters = under_way().map(|f| f.waiters.len() as u64).sum();
            prop_assert_eq!(table.count(), (under_way().count() as u64, waiters));
            let keys = model.0.iter().map(|f| f.key).collect::<HashSet<_>>();
            prop_assert_eq!(table.by_key.len(), keys.len(), "an ended key leaves nothing");
            let writes = model.0.iter().filter(|f| f.writing);
            prop_assert_eq!(table.writes(&Scope::All).len(), writes.clone().count());
            let red = writes.filter(|f| f.tags.contains(&"red"));
            prop_assert_eq!(table.writes(&Scope::Tag("red".into())).len(), red.count());
            for key in 0..3 {
                let mut of_key = model.0.iter().filter(|f| f.key == key);
                let expected = of_key.any(|f| f.writing && !f.keepable);
                prop_assert_eq!(table.is_taking_back(&key), expected);
                let writes = model.0.iter().filter(|f| f.key == key && f.writing);
                prop_assert_eq!(table.writes(&Scope::Key(key)).len(), writes.count());
            }
        }
    }
}
