use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU16, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use crate::server::Server;

/// Lies between a process and the server, and takes its time.
pub struct Proxy {
    pub url: String,
    /// Where it listens.
    pub port: u16,
    /// The port of the server that new connections are led to.
    pub server: Arc<AtomicU16>,
    /// How long what is sent takes there.
    pub delay: Arc<Mutex<Duration>>,
    /// Whether connections are cut.
    pub cut: Arc<AtomicBool>,
}

impl Proxy {
    pub async fn new(server: &Server) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("redis://127.0.0.1:{port}");
        let delay = Arc::new(Mutex::new(Duration::ZERO));
        let cut = Arc::new(AtomicBool::new(false));
        let server = Arc::new(AtomicU16::new(server.port));
        let (the_delay, is_cut) = (Arc::clone(&delay), Arc::clone(&cut));
        let to = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let to = to.load(Ordering::SeqCst);
                let Ok(far) = TcpStream::connect(("127.0.0.1", to)).await else {
                    continue;
                };
                let ((near_in, near_out), (far_in, far_out)) =
                    (near.into_split(), far.into_split());
                tokio::spawn(pass(
                    near_in,
                    far_out,
                    Arc::clone(&the_delay),
                    Arc::clone(&is_cut),
                ));
                tokio::spawn(pass(far_in, near_out, Arc::default(), Arc::clone(&is_cut)));
            }
        });
        Self {
            url,
            port,
            server,
            delay,
            cut,
        }
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    delay: Arc<Mutex<Duration>>,
    cut: Arc<AtomicBool>,
) {
    let mut bytes = [0; 4096];
    loop {
        tokio::select! {
            read = from.read(&mut bytes) => {
                let Ok(length @ 1..) = read else { return };
                let delay = *delay.lock().unwrap();
                sleep(delay).await;
                if to.write_all(&bytes[..length]).await.is_err() {
                    return;
                }
            }
            () = sleep(Duration::from_millis(5)) => if cut.load(Ordering::SeqCst) {
                return;
            }
        }
    }
}
