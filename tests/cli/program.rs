//! Running the built binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// How a run of the binary ended.
pub(super) struct Answer {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Runs `memwall` with `arguments`.
pub(super) fn memwall(arguments: &[&str]) -> Answer {
    let output = command(arguments).output().expect("the binary starts");
    Answer::new(arguments, &output)
}

/// Runs `memwall` with so many threads.
pub(super) fn memwall_on_threads(arguments: &[&str], threads: u32) -> Answer {
    let mut command = command(arguments);
    let output = command.env("RAYON_NUM_THREADS", threads.to_string()).output();
    Answer::new(arguments, &output.expect("the binary starts"))
}

/// Runs `memwall` with nobody reading its standard output.
pub(super) fn memwall_into_closed_pipe(arguments: &[&str]) -> Answer {
    let mut child = command(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the binary ends");
    Answer::new(arguments, &output)
}

/// Runs `memwall` with a standard output that takes nothing.
#[cfg(target_os = "linux")]
pub(super) fn memwall_into_full_disk(arguments: &[&str]) -> Answer {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has /dev/full");
    let output = command(arguments).stdout(full).output().expect("the binary starts");
    Answer::new(arguments, &output)
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_memwall"));
    command.args(arguments).stdin(Stdio::null()).env_remove("NO_COLOR");
    command
}

impl Answer {
    fn new(arguments: &[&str], output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
        let answer = Self {
            code: output.status.code().expect("the binary was not killed"),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        };
        assert!(!answer.stderr.contains("panicked"), "{arguments:?}: {}", answer.stderr);
        answer
    }

    /// What a run that must succeed printed.
    #[track_caller]
    pub(super) fn done(self) -> String {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self.stdout
    }

    /// The JSON document of a run that must succeed, with the schema that it must have.
    #[track_caller]
    pub(super) fn document(self, schema: &str) -> serde_json::Value {
        let text = self.done();
        let document: serde_json::Value = serde_json::from_str(&text).expect("one JSON document");
        assert_eq!(document["schema"], schema);
        document
    }

    /// Asserts that the input was refused, in words that include all of `parts`.
    #[track_caller]
    pub(super) fn refused(self, parts: &[&str]) {
        assert_eq!(self.code, 2, "stdout: {} stderr: {}", self.stdout, self.stderr);
        assert!(self.stderr.starts_with("error: "), "{}", self.stderr);
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not in: {}", self.stderr);
        }
    }
}

/// An empty folder of the test called `name`.
pub(super) fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the scratch folder is ours");
    }
    fs::create_dir_all(&folder).expect("the scratch folder can be made");
    folder
}
