use proptest::{collection::vec, prelude::*};

use super::{FlightTable, Place};

/// Flights in the order of their start, in one list.
#[derive(Default)]
struct Model(Vec<ModelFlight>);

struct ModelFlight {
    id: u64,
    key: u8,
    keepable: bool,
    joinable: bool,
    waiting: Vec<u32>,
}

#[derive(Clone, Debug)]
enum Step {
    Start(u8),
    Join(u8),
    Leave(usize),
    Next(usize),
    Claim(usize),
    Land(usize),
    Revoke(u8),
    RevokeAll,
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..3u8;
    let at = || 0..8usize;
    prop_oneof![
        4 => key().prop_map(Step::Start),
        8 => key().prop_map(Step::Join),
        3 => (0..64usize).prop_map(Step::Leave),
        3 => at().prop_map(Step::Next),
        3 => at().prop_map(Step::Claim),
        3 => at().prop_map(Step::Land),
        1 => key().prop_map(Step::Revoke),
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

proptest! {
    #[test]
    fn table_does_what_a_plain_list_does(steps in vec(step(), 0..120)) {
        let mut table = FlightTable::new();
        let mut model = Model::default();
        let mut started = Vec::new();
        let mut places: Vec<(u8, Place, u32)> = Vec::new();
        for (number, step) in (0u32..).zip(steps) {
            match step {
                Step::Start(key) => {
                    let id = table.start(key);
                    started.push((id, key));
                    let waiting = Vec::new();
                    model.0.push(ModelFlight { id, key, keepable: true, joinable: true, waiting });
                }
                Step::Join(key) => {
                    let last = model.0.iter_mut().rev().find(|f| f.key == key);
                    let place = table.join(&key, || number);
                    let expected = last.filter(|f| f.joinable).map(|f| {
                        f.waiting.push(number);
                        f.id
                    });
                    prop_assert_eq!(place.map(|p| p.flight), expected);
                    places.extend(place.map(|place| (key, place, number)));
                }
                Step::Leave(at) => {
                    let Some(&(key, place, waiter)) = places.get(at) else { continue };
                    let left = table.leave(&key, place);
                    let mut expected = None;
                    for flight in &mut model.0 {
                        if let Some(at) = flight.waiting.iter().position(|w| *w == waiter) {
                            expected = Some(flight.waiting.remove(at));
                        }
                    }
                    prop_assert_eq!(left, expected);
                }
                Step::Next(at) => {
                    let Some(((id, key), found)) = model.at(&started, at) else { continue };
                    let mut expected = None;
                    if let Some(at) = found {
                        if model.0[at].waiting.is_empty() {
                            model.0.remove(at);
                        } else {
                            expected = Some(model.0[at].waiting.remove(0));
                        }
                    }
                    prop_assert_eq!(table.next(&key, id), expected);
                }
                Step::Claim(at) => {
                    let Some(((id, key), found)) = model.at(&started, at) else { continue };
                    let expected = found.is_some_and(|at| model.0[at].keepable);
                    if expected {
                        for earlier in model.0.iter_mut().filter(|f| f.key == key && f.id < id) {
                            earlier.keepable = false;
                        }
                    }
                    prop_assert_eq!(table.claim(&key, id), expected);
                }
                Step::Land(at) => {
                    let Some(((id, key), found)) = model.at(&started, at) else { continue };
                    let landed = table.land(&key, id);
                    let landed = landed.map(|l| (l.keepable, l.waiting.into_values().collect()));
                    let expected = found.map(|at| model.0.remove(at));
                    prop_assert_eq!(landed, expected.map(|f| (f.keepable, f.waiting)));
                }
                Step::Revoke(key) => {
                    table.revoke(&key);
                    for flight in model.0.iter_mut().filter(|f| f.key == key) {
                        (flight.keepable, flight.joinable) = (false, false);
                    }
                }
                Step::RevokeAll => {
                    table.revoke_all();
                    for flight in &mut model.0 {
                        (flight.keepable, flight.joinable) = (false, false);
                    }
                }
            }
            let waiting = model.0.iter().map(|f| f.waiting.len() as u64).sum();
            prop_assert_eq!(table.count(), (model.0.len() as u64, waiting));
            let keys = model.0.iter().map(|f| f.key).collect::<std::collections::HashSet<_>>();
            prop_assert_eq!(table.by_key.len(), keys.len(), "an ended key leaves nothing");
        }
    }
}
