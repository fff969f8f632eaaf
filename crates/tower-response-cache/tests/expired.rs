//! Which entries give way: expired ones are worth nothing, and never keep out what is; of the others those
//! that are not asked for again.

use std::time::Duration;

use tokio::time::{Instant, advance};
use tower_response_cache::{Entry, Keep, MemoryStore, Store};

const BOUND: u64 = 10_000;
const TTL: Duration = Duration::from_secs(60);

/// Whether it is a hit; a miss is stored.
fn ask(store: &MemoryStore<u64, ()>, key: u64, keep: &Keep) -> bool {
    let now = Instant::now();
    let hit = store.get(&key, now).is_some();
    if !hit {
        store.insert(key, Entry::new((), keep.clone(), now));
    }
    hit
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn new_entries_take_the_place_of_expired_ones_that_were_asked_for_often() {
    let short = Keep::new(TTL);
    let stale = short.clone().stale_if_error(TTL);
    for (short, lasting) in [(short, 500), (stale, 0)] {
        // How keys spread over several shards is a matter of chance.
        let store = MemoryStore::with_shards(BOUND, 1);
        let long = Keep::new(100 * TTL);
        for _ in 0..5 {
            for key in 0..BOUND {
                let keep = if key < lasting { &long } else { &short };
                ask(&store, key, keep);
            }
        }
        advance(2 * TTL).await;
        let new = BOUND..BOUND + 5000;
        let hits = (0..10)
            .flat_map(|_| new.clone())
            .filter(|key| ask(&store, *key, &long));
        let hits = hits.count();
        // 45,000 is all: in the first round each of them is new.
        assert!(hits > 44_000, "{hits}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn entries_that_never_expire_stay_beside_those_that_do() {
    let store = MemoryStore::new(100);
    for key in 0..50 {
        ask(&store, key, &Keep::new(Duration::MAX));
    }
    for key in 50..450 {
        ask(&store, key, &Keep::new(TTL));
        advance(TTL).await;
        for lasting in 0..50 {
            assert!(store.get(&lasting, Instant::now()).is_some(), "{key}");
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn entries_that_outlived_the_others_do_not_stay_for_ever() {
    let store = MemoryStore::new(BOUND);
    for _ in 0..5 {
        for key in 0..BOUND {
            let ttl = if key % 10 == 0 { TTL } else { 2 * TTL };
            ask(&store, key, &Keep::new(ttl));
        }
    }
    advance(TTL).await;
    let long = Keep::new(100 * TTL);
    for key in BOUND..BOUND + 1500 {
        ask(&store, key, &long);
    }
    advance(TTL).await;
    let new = BOUND..BOUND + 5000;
    let hits = (0..10).flat_map(|_| new.clone());
    let hits = hits.filter(|key| ask(&store, *key, &long)).count();
    assert!(hits > 44_000, "{hits}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn keys_in_turn_of_which_not_all_fit_are_hits_in_part() {
    let store = MemoryStore::new(BOUND);
    let keep = Keep::new(TTL);
    let keys = (0..20).flat_map(|_| 0..BOUND * 2);
    let hits = keys.filter(|key| ask(&store, *key, &keep)).count();
    // Of 380,000 that could be. A store that pushes out the oldest has none.
    assert!(hits > 120_000, "{hits}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn key_that_was_pushed_out_and_is_asked_for_again_takes_the_place_of_an_old_one() {
    let store = MemoryStore::new(BOUND);
    let keep = Keep::new(TTL);
    for key in (0..3).flat_map(|_| 0..BOUND) {
        ask(&store, key, &keep);
    }
    let new = (0..10).flat_map(|_| BOUND..BOUND + 5000);
    let hits = new.filter(|key| ask(&store, *key, &keep)).count();
    // Of 45,000 that could be. A store that does not remember what it has pushed out has 600.
    assert!(hits > 20_000, "{hits}");
}
