use std::{fs, time::Duration};
use tokio::{sync::oneshot, task::JoinHandle, time};

/// Reads how much memory a process has, once a second.
pub(super) struct Watch {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Vec<u64>>,
}

/// Where the system does not tell, there is nothing to see.
pub(super) fn watch(process: Option<u32>) -> Watch {
    let (stop, mut stopped) = oneshot::channel();
    let task = tokio::spawn(async move {
        let mut seen = Vec::new();
        let mut seconds = time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                _ = seconds.tick() => seen.extend(process.and_then(resident)),
                _ = &mut stopped => return seen,
            }
        }
    });
    Watch { stop, task }
}

impl Watch {
    /// In MiB, a reading for each second.
    pub(super) async fn finish(self) -> Vec<u64> {
        drop(self.stop);
        self.task.await.unwrap_or_default()
    }
}

/// The resident set in MiB, as Linux has it.
fn resident(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}
