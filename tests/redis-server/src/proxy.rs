use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
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
    /// How long what is sent takes there.
    pub delay: Arc<Mutex<Duration>>,
    /// Whether connections are cut.
    pub cut: Arc<AtomicBool>,
}

impl Proxy {
    pub async fn new(server: &Server) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let delay = Arc::new(Mutex::new(Duration::ZERO));
        let cut = Arc::new(AtomicBool::new(false));
        let (port, the_delay, is_cut) = (server.port, Arc::clone(&delay), Arc::clone(&cut));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else {
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
        Self { url, delay, cut }
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
