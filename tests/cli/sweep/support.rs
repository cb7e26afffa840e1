//! Sweeps of fast points, and folders as bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::cli::program::{Answer, memwall, scratch};

/// Points of a millisecond or two each; some of them impossible.
pub(super) const FAST: &str = "\
name = \"fast\"
part-points = 8
[base]
model = \"llama-3.1-8b\"
workload = \"chat\"
tasks = 3
[grid]
chip = [\"h100-sxm\", \"b200-sxm\"]
plan = [\"tp1\", \"tp3\"]
concurrency = { from = 1, to = 4, steps = 4 }
[latin]
count = 20
figure.memory.pin_rate = { from = \"x0.8\", to = \"x1.2\" }
";

/// Points of [`FAST`].
pub(super) const FAST_POINTS: u64 = 2 * 2 * 4 * 20;

/// A folder of the test called `name` with `text` as `sweep.toml`.
pub(super) fn with_spec(name: &str, text: &str) -> (PathBuf, String) {
    let folder = scratch(name);
    let path = folder.join("sweep.toml");
    fs::write(&path, text).unwrap();
    (folder, path.to_str().unwrap().to_owned())
}

/// Sweeps `spec` into `out`.
pub(super) fn sweep(spec: &str, out: &Path, more: &[&str]) -> Answer {
    memwall(&[&["sweep", spec, "--out", out.to_str().unwrap()], more].concat())
}

/// The same, running.
pub(super) fn start(spec: &str, out: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_memwall"));
    command.args(["sweep", spec, "--out", out.to_str().unwrap()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the binary starts")
}

/// Every file of a folder, by name; empty if there is none.
pub(super) fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.path().is_file())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// The rows of a folder, as `sweep export` prints them.
pub(super) fn rows(folder: &Path) -> Vec<serde_json::Value> {
    let printed = memwall(&["sweep", "export", folder.to_str().unwrap(), "--as", "jsonl"]).done();
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
