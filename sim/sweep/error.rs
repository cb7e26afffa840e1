//! What can be wrong with a sweep's file.

/// A sweep's file cannot be used; the message ends with what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {problem}", line.map_or(String::new(), |line| format!(":{line}")))]
pub struct SweepError {
    /// The file, as the user named it.
    pub file: String,
    /// Its line, from 1; `None` if the file as a whole is meant.
    pub line: Option<usize>,
    /// Key, value, what is wrong there, and what to do.
    pub problem: String,
}
