use crate::App;
use std::{future::Future, io, pin::pin, time::Duration};
use tokio::{net::TcpListener, time::timeout};

/// Beyond the longest call: for readers that are a little behind.
const SPARE: Duration = Duration::from_secs(5);

/// Serves until `stop` resolves, then finishes what is under way.
///
/// From then on no connection is accepted, and calls that wait for their turn are turned away. Those that
/// were begun end by themselves: each has a deadline.
///
/// # Errors
///
/// If the listener fails, or callers do not read their answers to the end in time.
pub async fn serve(
    listener: TcpListener,
    app: App,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (draining, handle) = (app.draining.clone(), app.handle.clone());
    let longest = app.longest + SPARE;
    let server = axum::serve(listener, app.router())
        .with_graceful_shutdown(draining.clone().cancelled_owned());
    let mut server = pin!(server.into_future());
    tokio::select! {
        ended = &mut server => return ended,
        () = stop => {}
    }
    tracing::info!("shutting down");
    draining.cancel();
    handle.close();
    timeout(longest, server).await.unwrap_or_else(|_| {
        let late = "some callers did not read their answers to the end";
        Err(io::Error::new(io::ErrorKind::TimedOut, late))
    })
}
