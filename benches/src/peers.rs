//! Peers that run in a Python interpreter and take turns with us.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::report::Failure;

/// A peer that times its own step whenever it is asked to.
#[derive(Debug)]
pub(crate) struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// What it calls its version.
    pub(crate) version: String,
}

impl Peer {
    /// Starts `benches/peers/SCRIPT` in the interpreter that `ENSUE_PEERS_PYTHON` names, and waits until it is warm.
    pub(crate) fn start(script: &str, arguments: &[String]) -> Result<Self, Failure> {
        let python = std::env::var_os("ENSUE_PEERS_PYTHON").ok_or_else(|| {
            Failure::NotMeasured(
                "ENSUE_PEERS_PYTHON does not name an interpreter with benches/peers/requirements.txt".to_owned(),
            )
        })?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script);
        let mut child = Command::new(python)
            .arg(&script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().expect("asked for a pipe");
        let output = BufReader::new(child.stdout.take().expect("asked for a pipe"));
        let mut peer = Self { child, input, output, version: String::new() };
        let line = peer.line()?;
        let version = line.trim().strip_prefix("ready ").map(str::to_owned);
        peer.version = version.ok_or_else(|| {
            Failure::NotMeasured(format!("{} did not get ready: {line:?}", script.display()))
        })?;
        Ok(peer)
    }

    /// Milliseconds of `n` more steps.
    pub(crate) fn steps(&mut self, n: usize) -> Result<Vec<f64>, Failure> {
        self.ask(&n.to_string())
    }

    /// The numbers it answers to a line.
    pub(crate) fn ask(&mut self, question: &str) -> Result<Vec<f64>, Failure> {
        writeln!(self.input, "{question}")?;
        self.input.flush()?;
        Ok(serde_json::from_str(&self.line()?)?)
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err(Failure::NotMeasured("the peer ended early".to_owned()));
        }
        Ok(line)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It only waits for more questions; nothing is lost.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
