use std::{
    collections::HashMap,
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use tokio::time::Instant;

use crate::until::SECOND;

/// A server on a port of its own, which ends with this.
pub struct Server {
    child: Child,
    pub port: u16,
    options: Vec<String>,
}

impl Server {
    pub fn start() -> Self {
        Self::with(&[])
    }

    pub fn with(options: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        drop(listener);
        let options = options
            .iter()
            .map(|&option| option.to_owned())
            .collect::<Vec<_>>();
        Self {
            child: launch(port, &options),
            port,
            options,
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Asks the server past what is tested.
    pub fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let client = redis::Client::open(self.url()).expect("a URL");
        let mut connection = client.get_connection().expect("it is up");
        let (command, args) = words.split_first().expect("a command");
        let asked = redis::cmd(command).arg(args).query(&mut connection);
        asked.expect("an answer")
    }

    /// How often it ran a script, or loaded one.
    pub fn commands(&self) -> u64 {
        let stats: String = self.ask(&["INFO", "commandstats"]);
        let of = |line: &str| {
            let (name, rest) = line.split_once(":calls=")?;
            let scripts = ["cmdstat_evalsha", "cmdstat_eval", "cmdstat_script|load"];
            scripts.contains(&name).then_some(())?;
            rest.split(',').next()?.parse::<u64>().ok()
        };
        stats.lines().filter_map(of).sum()
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it has ended");
    }

    /// Starts it again, empty.
    pub fn restart(&mut self) {
        self.child = launch(self.port, &self.options);
    }

    /// Stops it from running, or lets it go on.
    pub fn hang(&self, hangs: bool) {
        let signal = if hangs { "-STOP" } else { "-CONT" };
        let pid = self.child.id().to_string();
        let kill = Command::new("kill").args([signal, &pid]).status();
        assert!(kill.expect("kill").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn launch(port: u16, options: &[String]) -> Child {
    let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    let port = port.to_string();
    let child = Command::new(&program)
        .args(["--port", &port, "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "no", "--enable-debug-command", "yes"])
        .args(options)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let child = child.unwrap_or_else(|err| {
        panic!("{program}: {err}. These tests need it: apt-get install -y redis-server")
    });
    let began = Instant::now();
    while std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
        assert!(began.elapsed() < 10 * SECOND, "{program} does not listen");
        std::thread::yield_now();
    }
    child
}

/// How many connections the server has by the ways they are used.
pub fn connections(server: &Server) -> usize {
    let list: String = server.ask(&["CLIENT", "LIST"]);
    // Without the one that asks.
    list.lines()
        .filter(|line| !line.contains("cmd=client"))
        .count()
}

/// Which names there are, with how long they live.
pub fn lifetimes(server: &Server) -> HashMap<String, i64> {
    let names: Vec<String> = server.ask(&["KEYS", "*"]);
    let lifetime = |name: String| {
        let left = server.ask(&["PTTL", &name]);
        (name, left)
    };
    names.into_iter().map(lifetime).collect()
}
