//! A claim is refused if others claimed more meanwhile, or told to stop: what random processes do, beside a model.

use proptest::{collection::vec, option, prelude::*};
use tower_quota::shared::{
    Append, Appended, Base, Claim, Loaded, Position, SharedLog, Tail, Totals,
};
use tower_quota_redis::RedisLog;

use crate::model::Model;
use crate::support::{KEY, Server, append, begin, claim, facts, log, totals, try_append};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn claim_is_refused_once_more_was_claimed_than_it_allows_for() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let first = append(&log, claim(&began, 2)).await;
    assert_eq!(first.totals, totals(2, 20, 0));
    // Refused, and nothing else to say: nothing is appended. What is new is told.
    let second = append(&log, claim(&began, 1)).await;
    assert_eq!(second.position, first.position);
    assert_eq!(second.entries, first.entries);
    // Refused, and something else to say.
    let third = Append {
        facts: b"ended".to_vec(),
        ..claim(&began, 1)
    };
    let third = append(&log, third).await;
    assert_eq!(third.entries.len(), 2);
    assert_eq!(
        (&third.entries[1].facts[..], &third.entries[1].claim),
        (&b"ended"[..], &None)
    );
    // It allows for more.
    let mut fourth = claim(&third, 1);
    fourth.claim.as_mut().unwrap().up_to.calls += 9;
    assert!(append(&log, fourth).await.entries[0].claim.is_some());
    assert!(
        append(&log, claim(&third, 1))
            .await
            .entries
            .iter()
            .all(|entry| entry.number == 3)
    );
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn stop_refuses_all_claims_of_those_who_have_not_seen_it() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let mut stop = claim(&began, 1);
    stop.stop = true;
    let stopped = append(&log, stop).await;
    assert!(
        stopped.entries[0].claim.is_some(),
        "its own stop does not count"
    );
    assert_eq!(stopped.totals, totals(1, 10, 1));
    let mut unseen = claim(&stopped, 1);
    unseen.claim.as_mut().unwrap().up_to = totals(100, 1_000, 0);
    assert_eq!(append(&log, unseen).await.totals, stopped.totals);
    let after = append(&log, claim(&stopped, 1)).await;
    assert_eq!(after.totals, totals(2, 20, 1));
}

/// What one of three processes does.
#[derive(Clone, Debug)]
enum Step {
    Append {
        facts: Vec<u8>,
        stop: bool,
        /// Calls, tokens, and what is added to what was seen to allow for.
        claim: Option<(u64, u64, [i64; 3])>,
        /// Added to the number that was seen.
        ahead: u64,
    },
    Flood(u64),
    Load(Option<Vec<u8>>),
    Save(Vec<u8>),
    Flush,
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let bytes = || vec(any::<u8>(), 0..4);
    let claim = (0u64..4, 0u64..400, [-3i64..4, -300i64..400, -1i64..2]);
    let ahead = prop_oneof![30 => Just(0), 1 => 1u64..3];
    let append = (bytes(), any::<bool>(), option::weighted(0.7, claim), ahead).prop_map(
        |(facts, stop, claim, ahead)| Step::Append {
            facts,
            // Rare, or no claim would be taken.
            stop: stop && claim.is_some_and(|(calls, ..)| calls == 0),
            claim,
            ahead,
        },
    );
    let step = prop_oneof![
        20 => append,
        1 => (1u64..300).prop_map(Step::Flood),
        5 => option::of(bytes()).prop_map(Step::Load),
        3 => bytes().prop_map(Step::Save),
        1 => Just(Step::Flush),
    ];
    (0usize..3, step)
}

/// What a process knows.
#[derive(Clone, Copy, Default)]
struct Seen(Position, Totals);

fn with(slack: i64, seen: u64) -> u64 {
    seen.saturating_add_signed(slack)
}

impl Seen {
    fn append(&self, step: Step) -> Append {
        let Step::Append {
            facts,
            stop,
            claim,
            ahead,
        } = step
        else {
            unreachable!("the others are no appends");
        };
        let claim = claim.map(|(calls, tokens, slack)| Claim {
            bytes: tokens.to_be_bytes().to_vec(),
            calls,
            tokens,
            up_to: Totals {
                calls: with(slack[0], self.1.calls),
                tokens: with(slack[1], self.1.tokens),
                stops: with(slack[2] / 2, self.1.stops),
            },
        });
        let mut seen = self.0;
        seen.number += ahead;
        Append {
            seen,
            facts,
            stop,
            claim,
            heard: None,
        }
    }

    fn saw(&mut self, tail: &Tail) {
        *self = Self(tail.position, tail.totals);
    }
}

/// Takes the times out, which the model does not know, after a look at their order.
fn timeless(mut tail: Tail) -> Tail {
    assert!(tail.entries.is_sorted_by_key(|entry| entry.at));
    assert!(
        tail.entries
            .iter()
            .all(|entry| 0 < entry.at && entry.at <= tail.at)
    );
    tail.at = 0;
    for entry in &mut tail.entries {
        entry.at = 0;
    }
    tail
}

async fn play(log: &RedisLog, server: &Server, steps: Vec<(usize, Step)>) {
    let _: () = server.ask(&["FLUSHALL"]);
    let mut model = Model::default();
    let mut processes = [Seen::default(); 3];
    for (epoch, (process, step)) in steps.into_iter().enumerate() {
        let seen = &mut processes[process];
        match step {
            Step::Append { .. } => {
                let append = seen.append(step);
                let expected = model.append(&append);
                let came = match try_append(log, append).await.unwrap() {
                    Appended::Tail(tail) => Appended::Tail(timeless(tail)),
                    Appended::Elsewhere => Appended::Elsewhere,
                };
                assert_eq!(came, expected);
                if let Appended::Tail(tail) = came {
                    seen.saw(&tail);
                }
            }
            Step::Flood(many) => {
                for _ in 0..many {
                    let append = facts(seen.0, b"flood");
                    let _ = model.append(&append);
                    match try_append(log, append).await.unwrap() {
                        Appended::Tail(tail) => seen.saw(&tail),
                        Appended::Elsewhere => break,
                    }
                }
            }
            Step::Load(snapshot) => {
                let base = Base {
                    position: Position {
                        epoch: epoch as u64,
                        number: seen.0.number,
                    },
                    at: 1,
                    totals: seen.1,
                    snapshot,
                };
                let expected = model.load(base.clone());
                let Loaded { snapshot, tail } = log.load(KEY, base).await.unwrap();
                let tail = timeless(tail);
                assert_eq!(
                    Loaded {
                        snapshot,
                        tail: tail.clone()
                    },
                    expected
                );
                seen.saw(&tail);
            }
            Step::Save(snapshot) => {
                model.save(seen.0, snapshot.clone());
                log.save(KEY, seen.0, snapshot).await.unwrap();
            }
            Step::Flush => {
                let _: () = server.ask(&["FLUSHALL"]);
                model.flush();
            }
        }
    }
}

#[test]
#[ignore = "needs redis-server"]
fn random_processes_see_what_a_plain_log_would_show_them() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let server = Server::start();
    let log = log(&server);
    let mut config = ProptestConfig::with_cases(200);
    config.failure_persistence = None;
    proptest!(config, |(mut steps in vec(step(), 1..60))| {
        steps.insert(0, (0, Step::Load(None)));
        runtime.block_on(play(&log, &server, steps));
    });
}
