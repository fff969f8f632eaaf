use tokio::signal;

/// Resolves when the process is asked to stop, by Ctrl-C or SIGTERM.
pub(crate) async fn stop() {
    #[cfg(unix)]
    {
        use signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be listened for");
        tokio::select! {
            _ = signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = signal::ctrl_c().await;
}
