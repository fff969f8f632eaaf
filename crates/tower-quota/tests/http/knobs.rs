//! Knobs come first.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::support::{KEY, SECOND, field, from, server, with};
use tower::Layer;
use tower_quota::{HttpQuotaLayer, Limit, RateLimitFields};

type Knob = (&'static str, fn(HttpQuotaLayer));

/// Every knob of the layer.
const KNOBS: [Knob; 6] = [
    ("rate_limit_fields", |layer| {
        drop(layer.rate_limit_fields(RateLimitFields::Never));
    }),
    ("max_wait", |layer| drop(layer.max_wait(SECOND))),
    ("max_queue", |layer| drop(layer.max_queue(1))),
    ("max_idle_keys", |layer| drop(layer.max_idle_keys(1))),
    ("max_keys", |layer| drop(layer.max_keys(1))),
    ("name", |layer| drop(layer.name("other"))),
];

fn layer() -> HttpQuotaLayer {
    HttpQuotaLayer::by_header(Limit::calls_per_minute(1), KEY)
}

fn turned(turn: fn(HttpQuotaLayer), layer: HttpQuotaLayer) -> Result<(), String> {
    let panic = catch_unwind(AssertUnwindSafe(|| turn(layer)));
    panic.map_err(|panic| {
        let said = panic.downcast_ref::<String>();
        said.cloned().unwrap_or_default()
    })
}

#[test]
fn knob_of_a_shared_layer_panics() {
    let take: [fn(&HttpQuotaLayer); 3] = [
        |layer| drop(layer.handle()),
        |layer| drop(layer.clone()),
        |layer| drop(layer.layer(())),
    ];
    for (name, turn) in KNOBS {
        assert_eq!(turned(turn, layer()), Ok(()), "{name}");
        for take in take {
            let layer = layer();
            take(&layer);
            let said = turned(turn, layer).unwrap_err();
            assert!(
                said.starts_with("`HttpQuotaLayer` is already shared"),
                "{name}: {said}"
            );
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn newcomers_beyond_the_most_keys_share_an_account() {
    let layer =
        HttpQuotaLayer::by_extension(Limit::calls_per_minute(3), |id: &u64| *id).max_keys(2);
    let mut server = server(&layer);
    for id in 0..2_u64 {
        assert_eq!(server(with(id)).status(), 200);
    }
    for id in 2..5_u64 {
        let res = server(with(id));
        assert_eq!(res.status(), 200);
        let left = format!("\"calls-per-minute\";r={};t=60", 4 - id);
        assert_eq!(field(&res, "ratelimit"), Some(&*left));
    }
    assert_eq!(server(with(5_u64)).status(), 429);
    assert_eq!(server(with(1_u64)).status(), 200, "it has its own");
    assert_eq!(layer.handle().keys().len(), 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn debug_shows_settings_and_no_keys() {
    let layer = layer().name("edge");
    let mut server = server(&layer);
    server(from(b"secret"));
    let shown = format!("{layer:?} {:?}", layer.handle().keys());
    assert!(
        shown.contains("edge") && !shown.contains("secret"),
        "{shown}"
    );
}
