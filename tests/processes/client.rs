//! A node's HTTP interface, as a script uses it.
#![expect(clippy::disallowed_types, reason = "these wait for other processes")]

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Client {
    base: String,
    token: String,
    agent: ureq::Agent,
}

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        Self::at(&format!("http://127.0.0.1:{port}"), "")
    }

    /// One that listens elsewhere, and wants this token.
    pub(crate) fn at(base: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        Self { base: base.to_owned(), token: format!("Bearer {token}"), agent: config.build().into() }
    }

    /// Status and body; an error if nobody answers.
    pub(crate) fn try_get(&self, path: &str) -> Result<(u16, Value), ureq::Error> {
        let mut response =
            self.agent.get(format!("{}{path}", self.base)).header("authorization", &self.token).call()?;
        let body = response.body_mut().read_to_string()?;
        Ok((response.status().as_u16(), serde_json::from_str(&body).unwrap_or_default()))
    }

    /// The same, with a body to send.
    pub(crate) fn try_post(&self, path: &str, body: &Value) -> Result<(u16, Value), ureq::Error> {
        let mut response = self.agent.post(format!("{}{path}", self.base)).send_json(body)?;
        let body = response.body_mut().read_to_string()?;
        Ok((response.status().as_u16(), serde_json::from_str(&body).unwrap_or_default()))
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = self.try_get(path).expect("the node answers");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.try_post(path, body).expect("the node answers");
        assert!((200..300).contains(&status), "{path} {body}: {status} {answer}");
        answer
    }

    /// Asks until the answer is as wanted.
    pub(crate) fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let last = self.try_get(path);
            match &last {
                Ok((200, body)) if wanted(body) => return body.clone(),
                _ if began.elapsed() > PATIENCE => panic!("{}{path} stays {last:?}", self.base),
                _ => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

/// So many consecutive ports that nobody has, below those that the system gives out by itself.
pub(crate) fn ports(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 20_000 + (std::process::id() as u16 % 200) * 50;
    loop {
        let first = start + NEXT.fetch_add(count, Ordering::Relaxed) % 10_000;
        if (first..first + count).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return first;
        }
    }
}

/// An empty folder of this test's own.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("writable");
    folder
}

/// The program, which ends when what is returned is dropped.
pub(crate) struct Running(pub(crate) Child);

pub(crate) fn start(arguments: &[&str], log: &Path) -> Running {
    run(Command::new(env!("CARGO_BIN_EXE_tabchain")).args(arguments), log)
}

/// The same in a network namespace.
pub(crate) fn start_in(namespace: &str, arguments: &[&str], log: &Path) -> Running {
    let program = env!("CARGO_BIN_EXE_tabchain");
    run(Command::new("ip").args(["netns", "exec", namespace, program]).args(arguments), log)
}

fn run(command: &mut Command, log: &Path) -> Running {
    let log = std::fs::File::options().create(true).append(true).open(log).expect("writable");
    command.stdin(Stdio::piped()).stdout(log.try_clone().expect("a file")).stderr(log);
    Running(command.spawn().expect("the program starts"))
}

impl Running {
    /// Asks it to stop, as the system does; its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill is there").success());
        self.0.wait().expect("it ends").code()
    }

    /// Ends it at once, as a power cut does.
    pub(crate) fn kill(mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
