//! What a check of a spec file finds.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The figure cannot be right, or cannot be read.
    Error,
    /// The figure is probably not what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// One thing found in a spec file.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file.
    pub file: String,
    /// The line, from 1; `None` for a figure that the file inherits or leaves out.
    pub line: Option<usize>,
    /// The bytes of the file that it is about.
    #[serde(skip)]
    pub span: Option<Range<usize>>,
    /// The dotted key: `memory.pin_rate`. Empty where the file is no TOML.
    pub key: String,
    /// The value as written; empty where there is none.
    pub value: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl Finding {
    /// A finding about `key`; the file and the line are filled in when it is placed.
    pub(crate) fn about(severity: Severity, key: &str, value: &str) -> Self {
        Self {
            severity,
            file: String::new(),
            line: None,
            span: None,
            key: key.into(),
            value: value.into(),
            message: String::new(),
            remedy: String::new(),
        }
    }

    pub(crate) fn error(key: &str, value: &str) -> Self {
        Self::about(Severity::Error, key, value)
    }

    pub(crate) fn warning(key: &str, value: &str) -> Self {
        Self::about(Severity::Warning, key, value)
    }

    pub(crate) fn note(key: &str, value: &str) -> Self {
        Self::about(Severity::Note, key, value)
    }

    pub(crate) fn says(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self }
    }

    pub(crate) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: remedy.into(), ..self }
    }

    pub(crate) fn at(self, file: &str, text: &str, span: Option<Range<usize>>) -> Self {
        let line = span.as_ref().map(|span| line_of(text, span.start));
        Self { file: file.into(), line, span, ..self }
    }

    /// The finding with the lines of `text`, the file's content, that it is about.
    pub fn render(&self, text: &str) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = if self.key.is_empty() {
            self.message.clone()
        } else {
            format!("{}: {}", self.key, self.message)
        };
        let mut group = level.primary_title(title).elements(self.span.clone().map(|span| {
            Snippet::source(text)
                .path(self.file.as_str())
                .annotation(AnnotationKind::Primary.span(span))
        }));
        if !self.remedy.is_empty() {
            group = group.element(Level::HELP.message(self.remedy.as_str()));
        }
        Renderer::plain().render(&[group])
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}: ", self.severity)?;
        if !self.key.is_empty() {
            write!(f, "`{}", self.key)?;
            if !self.value.is_empty() {
                write!(f, " = {}", self.value)?;
            }
            write!(f, "`: ")?;
        }
        f.write_str(&self.message)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, "; {}", self.remedy) }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count() + 1
}
