//! Knobs come first.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::support::{Http, SECOND, get, minute, value};
use tower::Layer;
use tower_response_cache::{CacheStatus, HttpCacheLayer};

type Knob = (&'static str, fn(HttpCacheLayer));

/// Every knob of the layer.
const KNOBS: [Knob; 9] = [
    ("vary_by", |layer| drop(layer.vary_by([]))),
    ("max_body", |layer| drop(layer.max_body(1))),
    ("default_ttl", |layer| drop(layer.default_ttl(SECOND))),
    ("validate_for", |layer| drop(layer.validate_for(SECOND))),
    ("failures_in_turn", |layer| drop(layer.failures_in_turn(1))),
    ("share_failures", |layer| drop(layer.share_failures(false))),
    ("background_timeout", |layer| {
        drop(layer.background_timeout(SECOND));
    }),
    ("finish_abandoned", |layer| {
        drop(layer.finish_abandoned(true));
    }),
    ("name", |layer| drop(layer.name("other"))),
];

fn turned(turn: fn(HttpCacheLayer), layer: HttpCacheLayer) -> Result<(), String> {
    let panic = catch_unwind(AssertUnwindSafe(|| turn(layer)));
    panic.map_err(|panic| {
        let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
        said.unwrap_or_default()
    })
}

#[test]
fn knob_of_a_shared_layer_panics() {
    let take: [fn(&HttpCacheLayer); 3] = [
        |layer| drop(layer.handle()),
        |layer| drop(layer.clone()),
        |layer| drop(layer.layer(())),
    ];
    for (name, turn) in KNOBS {
        assert_eq!(turned(turn, HttpCacheLayer::new(1)), Ok(()), "{name}");
        for take in take {
            let layer = HttpCacheLayer::new(1);
            take(&layer);
            let said = turned(turn, layer).unwrap_err();
            assert!(
                said.starts_with("`HttpCacheLayer` is already shared"),
                "{name}: {said}"
            );
        }
    }
}

#[test]
fn name_must_be_a_token() {
    for name in ["", "1a", "a b", "a;b", "\"a\"", "ä"] {
        let named = || HttpCacheLayer::new(1).name(name);
        assert!(catch_unwind(named).is_err(), "{name}");
    }
    drop(HttpCacheLayer::new(1).name("edge-1.example/a"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn name_is_told_to_callers() {
    let mut http = Http::of(HttpCacheLayer::new(1 << 20).name("edge"));
    let res = http.miss(get("/a"), minute("text"));
    assert_eq!(
        value(&res, "cache-status"),
        "edge; fwd=miss; fwd-status=200; stored"
    );
    assert_eq!(
        value(&http.hit(get("/a")), "cache-status"),
        CacheStatus::Hit.cache_status("edge").to_string()
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn call_without_callers_is_finished_if_asked_for() {
    for finish in [true, false] {
        let layer = HttpCacheLayer::new(1 << 20).finish_abandoned(finish);
        let mut http = Http::of(layer);
        drop(http.begin(get("/a")));
        if finish {
            http.sent().await.1.send_response(minute("text"));
            tokio::task::yield_now().await;
        }
        assert_eq!(http.handle.snapshot().store.entries, u64::from(finish));
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn debug_shows_settings_and_no_answers() {
    let layer = HttpCacheLayer::new(1 << 20).name("edge");
    assert!(format!("{layer:?}").contains("edge"));
    let mut http = Http::of(layer);
    http.miss(get("/secret"), minute("secret"));
    let hit = http.hit(get("/secret"));
    let shown = format!("{:?} {:?}", http.handle, hit.body());
    assert!(!shown.contains("secret"), "{shown}");
}
