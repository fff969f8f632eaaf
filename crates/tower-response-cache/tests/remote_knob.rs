//! A remote store that a layer is given after it was made.

mod support;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use support::elsewhere::Elsewhere;
use tokio::time::sleep;
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_response_cache::{ByKey, Handle, ResponseCacheLayer};

type Layered = ResponseCacheLayer<ByKey<fn(&u64) -> Option<u64>>, u64, u64>;

fn layer() -> Layered {
    let key: fn(&u64) -> Option<u64> = |asked| Some(*asked);
    ResponseCacheLayer::new(ByKey::new(Duration::from_secs(60), key), 100)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn two_layers_that_are_given_one_store_share_answers() {
    let remote = Elsewhere::new(Duration::ZERO);
    for _ in 0..2 {
        assert!(!layer().has_remote());
        let layer = layer().remote(remote.clone());
        assert!(layer.has_remote());
        let calls = remote.len() as u64;
        let service = layer.layer(service_fn(
            move |_: u64| async move { Ok::<_, BoxError>(calls) },
        ));
        assert_eq!(service.oneshot(7).await.unwrap(), 0);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(remote.len(), 1);
    }
}

#[test]
fn a_shared_layer_is_given_none() {
    let layer = layer();
    let handle: Handle<u64, u64> = layer.handle();
    let given = catch_unwind(AssertUnwindSafe(|| {
        layer.remote(Elsewhere::new(Duration::ZERO))
    }));
    let said = given.err().and_then(|said| said.downcast::<String>().ok());
    let said = said.unwrap_or_default();
    assert!(
        said.starts_with("`ResponseCacheLayer` is already shared"),
        "{said}"
    );
    drop(handle);
}
