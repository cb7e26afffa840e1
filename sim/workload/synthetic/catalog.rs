//! The built-in workloads.

use super::tasks::Synthetic;
use crate::workload::WorkloadError;

macro_rules! embedded {
    ($($name:literal),+) => {
        [$((
            $name,
            concat!("workloads/synthetic/", $name, ".toml"),
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"), "/workloads/synthetic/", $name, ".toml"
            )),
        )),+]
    };
}

/// Name, file and text.
const EMBEDDED: [(&str, &str, &str); 5] =
    embedded!("agentic-coding", "agentic-knowledge", "reasoning", "chat", "long-documents");

/// The file that describes a built-in workload, and its text.
pub fn workload_file(name: &str) -> Result<(&'static str, &'static str), WorkloadError> {
    let found = EMBEDDED.iter().find(|(known, ..)| *known == name);
    found.map(|&(_, file, text)| (file, text)).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> WorkloadError {
    let names = EMBEDDED.map(|(known, ..)| known);
    let near = |known: &str| strsim::jaro_winkler(known, name);
    let similar = names.into_iter().filter(|known| near(known) > 0.8);
    let similar = similar.max_by(|a, b| near(a).total_cmp(&near(b))).map(str::to_owned);
    WorkloadError::UnknownWorkload { name: name.into(), similar, known: names.join(", ") }
}

/// The built-in workloads, in the order in which to show them.
pub fn embedded_workloads() -> impl Iterator<Item = Synthetic> {
    EMBEDDED
        .iter()
        .map(|(_, file, text)| Synthetic::parse(file, text).expect("a test parses each of them"))
}
