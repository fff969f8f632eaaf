use super::LoadFlags;
use std::{error::Error, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// This program once more, as a server.
pub(super) struct Server {
    pub(super) url: String,
    child: Child,
}

impl Server {
    pub(super) async fn start(flags: &LoadFlags) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--listen", "127.0.0.1:0", "--tpm", "1000000000"])
            .args(["--rpm", &flags.rpm.to_string()])
            .args(["--faults", &flags.faults.to_string()])
            .args(["--model", "us.amazon.nova-lite-v1:0"])
            // It says of each broken stream that it broke.
            .env("RUST_LOG", "off")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let out = child.stdout.take().ok_or("the server has no output")?;
        let mut lines = BufReader::new(out).lines();
        let first = lines.next_line().await?.unwrap_or_default();
        let url = first.strip_prefix("listening on ");
        let url = url.ok_or("the server did not start")?.to_owned();
        // It would wait for whoever reads what it prints.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { url, child })
    }

    pub(super) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends SIGTERM; whether the server ended well.
    pub(super) async fn stop(&mut self) -> bool {
        let Some(id) = self.id() else { return false };
        let told = Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status();
        told.await.is_ok_and(|told| told.success())
            && self.child.wait().await.is_ok_and(|ended| ended.success())
    }
}
