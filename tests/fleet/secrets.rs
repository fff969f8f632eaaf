//! The URL's user and password are shown nowhere.

use redis_test_server::Server;
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};
use tower_bedrock::{Fleet, StackLayer};
use tracing_subscriber::{Registry, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{Process, bedrock};

const CANARY: &str = "sesame-4711";

fn shows_nothing(said: &str) {
    for secret in [CANARY, "alibaba"] {
        assert!(!said.contains(secret), "{said}");
    }
}

/// All that is logged, by whichever crate.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn no_error_debug_or_log_line_has_the_password() {
    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
    let _log = Registry::default().with(lines).set_default();
    let server = Server::start();
    let user = [
        "ACL",
        "SETUSER",
        "alibaba",
        "on",
        ">sesame-4711",
        "~*",
        "&*",
        "+@all",
    ];
    let _: String = server.ask(&user);
    let sim = bedrock(6_000, 100);
    // The right password, a wrong one, and no server.
    for url in [
        format!("redis://alibaba:{CANARY}@127.0.0.1:{}", server.port),
        format!("redis://alibaba:{CANARY}x@127.0.0.1:{}", server.port),
        format!("redis://alibaba:{CANARY}@127.0.0.1:1"),
    ] {
        let fleet = Fleet::redis(&url);
        shows_nothing(&format!("{fleet:?}"));
        let layer = StackLayer::new("us-east-1").fleet(fleet);
        shows_nothing(&format!("{layer:?}"));
        let process = Process::of(&layer, &sim);
        process.ask(&url[..8]).await.unwrap();
        let handle = &process.handle;
        shows_nothing(&format!(
            "{handle:?} {} {:?}",
            handle.snapshot(),
            process.stack
        ));
        let failed = handle.cache().clear().await;
        if let Err(error) = failed {
            shows_nothing(&format!("{error} {error:?}"));
        }
    }
    let logged = log.0.lock().unwrap().clone();
    let logged = String::from_utf8_lossy(&logged);
    assert!(!logged.is_empty(), "something is logged");
    shows_nothing(&logged);
}
