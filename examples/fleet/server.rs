use std::{
    env,
    error::Error,
    io::ErrorKind,
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

/// The Redis by which the processes share: one of the program's own, or one that was named.
pub(crate) struct Server {
    pub(crate) url: String,
    own: Option<Own>,
}

/// Ends with this.
struct Own {
    program: &'static str,
    port: u16,
    child: Mutex<Child>,
}

const MISSING: &str = "there is neither redis-server nor valkey-server: install one by `apt install redis-server`, \
     `dnf install valkey` or `brew install redis`, or name a server by --redis";

/// How long a server may take to start.
const START: Duration = Duration::from_secs(10);

impl Server {
    pub(crate) async fn start(named: Option<&str>) -> Result<Self, Box<dyn Error>> {
        let server = match named {
            Some(url) => Self {
                url: url.to_owned(),
                own: None,
            },
            None => {
                let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
                Self {
                    url: format!("redis://127.0.0.1:{port}"),
                    own: Some(Own::start(port)?),
                }
            }
        };
        server.answers().await?;
        Ok(server)
    }

    /// Waits until it does.
    async fn answers(&self) -> Result<(), Box<dyn Error>> {
        let start = Instant::now();
        loop {
            let Err(error) = self.ask::<String>(&["PING"]) else {
                return Ok(());
            };
            if start.elapsed() > START {
                return Err(format!("Redis does not answer: {error}").into());
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Kills it, if it is the program's own.
    pub(crate) fn kill(&self) {
        if let Some(own) = &self.own {
            own.kill();
        }
    }

    /// Starts it again after that, with nothing in it.
    pub(crate) fn restart(&self) -> Result<(), Box<dyn Error>> {
        if let Some(own) = &self.own {
            *own.child() = launch(own.program, own.port)?;
        }
        Ok(())
    }

    /// How many commands clients have sent since it started, scripts counted as one each.
    pub(crate) fn commands(&self) -> Result<u64, Box<dyn Error>> {
        let stats: String = self.ask(&["INFO", "commandstats"])?;
        Ok(stats.lines().filter_map(sent_by_clients).sum())
    }

    fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> Result<T, redis::RedisError> {
        let mut connection = redis::Client::open(&*self.url)?.get_connection()?;
        let (command, arguments) = words.split_first().unwrap_or((&"PING", &[]));
        redis::cmd(command).arg(arguments).query(&mut connection)
    }
}

/// How often the command of a line of `INFO commandstats` was called, if it is one that clients send. The others
/// are called by scripts.
fn sent_by_clients(line: &str) -> Option<u64> {
    const SENT: [&str; 7] = [
        "evalsha",
        "eval",
        "script|load",
        "xread",
        "subscribe",
        "ssubscribe",
        "ping",
    ];
    let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
    let calls = rest.split(',').next()?;
    SENT.contains(&name).then(|| calls.parse().ok())?
}

impl Own {
    fn start(port: u16) -> Result<Self, Box<dyn Error>> {
        for program in ["redis-server", "valkey-server"] {
            match launch(program, port) {
                Ok(child) => {
                    let child = Mutex::new(child);
                    return Ok(Self {
                        program,
                        port,
                        child,
                    });
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(format!("{program}: {error}").into()),
            }
        }
        Err(MISSING.into())
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kill(&self) {
        let mut child = self.child();
        // It may be gone already.
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Keeps nothing on disk.
fn launch(program: &str, port: u16) -> std::io::Result<Child> {
    Command::new(program)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no"])
        .args(["--dir".as_ref(), env::temp_dir().as_os_str()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_scripts_are_not_counted() {
        let line = |name| format!("cmdstat_{name}:calls=12,usec=34,usec_per_call=2.8");
        assert_eq!(sent_by_clients(&line("evalsha")), Some(12));
        assert_eq!(sent_by_clients(&line("script|load")), Some(12));
        assert_eq!(sent_by_clients(&line("xadd")), None);
        assert_eq!(sent_by_clients("# Commandstats"), None);
    }
}
