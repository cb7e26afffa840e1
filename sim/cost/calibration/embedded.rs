//! A file that the program carries, parsed when it is first asked for.

use std::ops::Deref;
use std::sync::OnceLock;

/// A calibration file that cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("calibration/{file}.toml: {error}")]
pub struct CalibrationError {
    /// The family.
    pub file: String,
    /// What is wrong, with its place.
    pub error: toml::de::Error,
}

/// How a file is read.
type Read<T> = fn(&'static str) -> Result<T, toml::de::Error>;

/// What a file says. A run asks for few of them, and parsing all takes longer than a short run.
#[derive(Clone, Debug)]
pub(crate) struct Embedded<T> {
    file: &'static str,
    text: &'static str,
    read: Read<T>,
    parsed: OnceLock<T>,
}

impl<T> Embedded<T> {
    pub(super) const fn new(file: &'static str, text: &'static str, read: Read<T>) -> Self {
        Self { file, text, read, parsed: OnceLock::new() }
    }

    /// What the file says, to be changed in this copy.
    pub(super) fn change(&mut self) -> &mut T {
        let _: &T = self;
        self.parsed.get_mut().expect("has just been parsed")
    }

    fn parse(&self) -> Result<T, CalibrationError> {
        let file = self.file.to_owned();
        (self.read)(self.text).map_err(|error| CalibrationError { file, error })
    }

    /// Whether it is well-formed.
    #[cfg(test)]
    pub(super) fn check(&self) -> Result<(), CalibrationError> {
        self.parse().map(drop)
    }
}

impl<T> Deref for Embedded<T> {
    type Target = T;

    /// # Panics
    /// If the file is malformed; a test reads them all.
    fn deref(&self) -> &T {
        self.parsed.get_or_init(|| {
            self.parse().unwrap_or_else(|error| panic!("the shipped files are tested: {error}"))
        })
    }
}
