use tokio::sync::watch;

/// How far a write to the remote store is, of a flight that has ended for its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    UnderWay,
    Done,
    /// It failed or took too long, so that it may still come to pass.
    Unknown,
}

/// Tells of the end of a write. Dropped before that, the end is not known.
pub(crate) type WriteEnd = watch::Sender<Written>;

/// Waits for the end of a write; copies wait for the same one.
#[derive(Clone, Debug)]
pub(crate) struct Write(watch::Receiver<Written>);

impl Write {
    pub(crate) fn new() -> (WriteEnd, Self) {
        let (end, write) = watch::channel(Written::UnderWay);
        (end, Self(write))
    }

    /// Whether the write has come to pass, and nothing more comes of it.
    pub(crate) async fn comes_to_pass(mut self) -> bool {
        let end = self
            .0
            .wait_for(|written| *written != Written::UnderWay)
            .await;
        end.is_ok_and(|written| *written == Written::Done)
    }
}
