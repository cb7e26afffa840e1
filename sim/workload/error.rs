//! What can be wrong with a trace or a workload's description.

use std::fmt;

/// Input that is no workload. Messages name file, place, key, value and remedy.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// A value that cannot be.
    #[error("{place}: `{key}` is {value}; {remedy}")]
    Value {
        /// Where it stands.
        place: Box<Place>,
        /// Its key or column.
        key: String,
        /// As it stands there.
        value: String,
        /// What to do about it.
        remedy: String,
    },
    /// Text that is not the JSON it should be.
    #[error("{place}: broken JSON ({message}); complete the record or remove it")]
    Json {
        /// Where it stands.
        place: Box<Place>,
        /// The parser's words.
        message: String,
    },
    /// A file that cannot be opened, read or unpacked to its end.
    #[error("{file}: cannot be read ({source}); check the path, or fetch the file again")]
    Read {
        /// Its name.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// A trace without requests.
    #[error("{file}: holds no requests; give a trace with at least one")]
    Empty {
        /// The file, or all of them.
        file: String,
    },
    /// A folder without traces.
    #[error(
        "{folder}: holds no `.json`, `.jsonl` or `.csv` file, packed or not; give a folder with \
         traces"
    )]
    NoTraces {
        /// The folder.
        folder: String,
    },
    /// A file in no known format.
    #[error(
        "{file}: not a trace that is understood; give Mooncake JSONL (`input_length`, \
         `hash_ids`), session JSON (`block_size`, `requests`), Azure CSV (`TIMESTAMP`, \
         `ContextTokens`, `GeneratedTokens`), agentic Mooncake (`dynamo.agentic_mooncake`), \
         Dynamo's request events (`event_type`), LLMServingSim JSONL (`input_toks`) or \
         OpenTelemetry spans (`spans`), plain, gzip or zstd"
    )]
    UnknownFormat {
        /// Its name.
        file: String,
    },
    /// Files that cannot be read as one trace.
    #[error("{file}: {found}, but {first} is {expected}; read them as separate traces")]
    Mixed {
        /// The file that differs.
        file: String,
        /// What it is.
        found: String,
        /// The file before it.
        first: String,
        /// What that one is.
        expected: String,
    },
    /// Files whose requests lie too far apart for one run.
    #[error(
        "{file}: starts {days} days after the first file, a run lasts at most 100; \
         read fewer files together, or stagger them less"
    )]
    TooFarApart {
        /// The file.
        file: String,
        /// How far, in whole days.
        days: u64,
    },
    /// A workload that is not built in.
    #[error("no workload is called `{name}`{}; known: {known}", did_you_mean(.similar.as_deref()))]
    UnknownWorkload {
        /// As asked for.
        name: String,
        /// The nearest name that exists.
        similar: Option<String>,
        /// All names.
        known: String,
    },
    /// A description that does not parse.
    #[error("{file}: {message}")]
    Spec {
        /// Its name.
        file: String,
        /// The parser's words, with line and column.
        message: String,
    },
    /// A workload without agents whose contexts could be shortened.
    #[error(
        "workload `{workload}` has no agents that shorten their contexts; leave out --compact-at \
         and --summary-call, or take a workload of agents, like agentic-coding"
    )]
    NoContexts {
        /// The workload.
        workload: String,
    },
    /// Contexts that would be shortened before they hold anything.
    #[error(
        "contexts of workload `{workload}` cannot be shortened at {at} tokens; give --compact-at \
         at least {needs}: room for the shared prefixes, what is kept, and some work"
    )]
    CompactedTooEarly {
        /// The workload.
        workload: String,
        /// As asked for, in tokens.
        at: u32,
        /// The least, in tokens.
        needs: u32,
    },
    /// A model whose context is too short for a workload.
    #[error(
        "workload `{workload}` needs a context window of at least {needs} tokens, the model has \
         {window}; choose a model with a longer context, or a workload with shorter prompts"
    )]
    WindowTooSmall {
        /// The workload.
        workload: String,
        /// The shortest window that it fits, in tokens.
        needs: u32,
        /// The model's, in tokens.
        window: u32,
    },
}

/// A place in a file: `trace.jsonl, line 17` or `session.json, requests[3]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's name.
    pub file: String,
    /// Line, from 1, where the format has lines.
    pub line: Option<u64>,
    /// Path within the document, where it has none.
    pub path: Option<String>,
}

impl Place {
    /// A line of a file, from 1.
    pub(super) fn line(file: &str, line: u64) -> Self {
        Self { file: file.into(), line: Some(line), path: None }
    }

    /// A record within a document.
    pub(super) fn path(file: &str, path: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, path: Some(path.into()) }
    }

    /// A file as a whole.
    pub(super) fn file(file: &str) -> Self {
        Self { file: file.into(), line: None, path: None }
    }

    /// The complaint about a value that stands here.
    pub(super) fn refuse(
        &self,
        key: &str,
        value: impl fmt::Display,
        remedy: &str,
    ) -> WorkloadError {
        let (value, remedy) = (value.to_string(), remedy.to_owned());
        WorkloadError::Value { place: Box::new(self.clone()), key: key.to_owned(), value, remedy }
    }

    /// The complaint about JSON that broke here; an unreadable file is told apart.
    pub(super) fn json(&self, error: serde_json::Error) -> WorkloadError {
        if error.is_io() {
            return WorkloadError::Read { file: self.file.clone(), source: error.into() };
        }
        // A line's own parser counts lines from 1 again; only the column says something there.
        let text = error.to_string();
        let bare = text.rsplit_once(" at line ").map_or(text.as_str(), |(bare, _)| bare);
        let line = self.line.unwrap_or(error.line() as u64);
        let place = Self { line: Some(line), ..self.clone() };
        WorkloadError::Json {
            place: Box::new(place),
            message: format!("{bare} at column {}", error.column()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(path) = &self.path {
            write!(f, ", {path}")?;
        }
        Ok(())
    }
}

/// The hint at the nearest name, if there is one.
fn did_you_mean(similar: Option<&str>) -> String {
    similar.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}
