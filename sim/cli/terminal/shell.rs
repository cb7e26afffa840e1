//! The one owner of standard output.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::rc::Rc;

use console::{Term, style};
use serde::Serialize;

use super::{Progress, Table};
use crate::cli::arguments::{Flags, with_negatives_joined};
use crate::cli::{CliError, Exit};
use crate::report::{to_json, wrap};

/// Columns of a table that goes into a pipe or a file.
const PIPE_WIDTH: usize = 160;

/// Sentences are never wider: longer lines read badly.
const LONGEST: usize = 100;

/// A body under its schema.
#[derive(Serialize)]
struct Document<'a, T: Serialize> {
    schema: &'a str,
    #[serde(flatten)]
    body: &'a T,
}

/// Where a command's results, warnings and progress go.
pub(in crate::cli) struct Shell {
    results: Box<dyn Write>,
    width: Option<u16>,
    json: bool,
    quiet: bool,
    specs: Option<PathBuf>,
    /// The command line after the program's name.
    words: Vec<OsString>,
}

/// What a captured shell printed.
pub(in crate::cli) struct Printed(Rc<RefCell<Vec<u8>>>);

impl Printed {
    /// Takes it.
    pub(in crate::cli) fn take(&self) -> Vec<u8> {
        self.0.take()
    }
}

/// Keeps what is written for [`Printed`].
struct Keeper(Rc<RefCell<Vec<u8>>>);

impl Write for Keeper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shell {
    /// The shell of this process.
    pub(in crate::cli) fn new(flags: &Flags) -> Self {
        let terminal = Term::stdout();
        Self {
            results: Box::new(BufWriter::new(io::stdout().lock())),
            width: terminal.is_term().then(|| terminal.size().1),
            json: flags.json,
            quiet: flags.quiet,
            specs: flags.specs.clone(),
            words: with_negatives_joined(std::env::args_os().skip(1)),
        }
    }

    /// A quiet shell whose results are kept, for the command line `words`.
    pub(in crate::cli) fn captured(flags: &Flags, words: &[String]) -> (Self, Printed) {
        let kept = Rc::new(RefCell::new(Vec::new()));
        let shell = Self {
            results: Box::new(Keeper(Rc::clone(&kept))),
            json: flags.json,
            words: with_negatives_joined(words.iter().map(OsString::from)),
            ..Self::silent(flags.specs.clone())
        };
        (shell, Printed(kept))
    }

    /// The command line after the program's name.
    pub(in crate::cli) fn words(&self) -> &[OsString] {
        &self.words
    }

    /// A shell that shows nothing, over the catalogue in `specs`.
    pub(in crate::cli) fn silent(specs: Option<PathBuf>) -> Self {
        let results = Box::new(io::sink());
        Self { results, width: None, json: false, quiet: true, specs, words: Vec::new() }
    }

    /// Whether the result is to be one JSON document.
    pub(in crate::cli) const fn json(&self) -> bool {
        self.json
    }

    /// The folder whose TOML files overlay the catalogue.
    pub(in crate::cli) const fn specs(&self) -> Option<&PathBuf> {
        self.specs.as_ref()
    }

    /// Prints one line of results.
    pub(in crate::cli) fn line(&mut self, line: impl Display) -> Result<(), CliError> {
        writeln!(self.results, "{line}").map_err(CliError::output)
    }

    /// A sentence, wrapped.
    pub(in crate::cli) fn sentence(&mut self, text: impl AsRef<str>) -> Result<(), CliError> {
        let lines = wrap(text.as_ref(), self.width().min(LONGEST));
        lines.iter().try_for_each(|line| self.line(line))
    }

    /// Prints a part of a line.
    pub(in crate::cli) fn piece(&mut self, piece: impl Display) -> Result<(), CliError> {
        write!(self.results, "{piece}").map_err(CliError::output)
    }

    /// Prints a heading.
    pub(in crate::cli) fn heading(&mut self, text: impl Display) -> Result<(), CliError> {
        self.line(style(text).bold())
    }

    /// Prints a table, fitted to the terminal; as wide as it likes into a pipe.
    pub(in crate::cli) fn table(&mut self, table: Table) -> Result<(), CliError> {
        for (i, line) in table.fitted(self.width).lines().enumerate() {
            if i == 0 { self.heading(line)? } else { self.line(line)? }
        }
        Ok(())
    }

    /// Prints `body` as a JSON document of `schema`: `memwall.chips/1`.
    pub(in crate::cli) fn document(
        &mut self,
        schema: &str,
        body: &impl Serialize,
    ) -> Result<(), CliError> {
        self.line(to_json(&Document { schema, body }))
    }

    /// Prints a document that names its schema itself.
    pub(in crate::cli) fn json_document(
        &mut self,
        document: &impl Serialize,
    ) -> Result<(), CliError> {
        self.line(to_json(document))
    }

    /// Prints a text of several lines that ends as it should.
    pub(in crate::cli) fn text(&mut self, text: impl AsRef<str>) -> Result<(), CliError> {
        self.line(text.as_ref().trim_end_matches('\n'))
    }

    /// Columns that a table may fill: the terminal's, or plenty into a pipe.
    pub(in crate::cli) fn width(&self) -> usize {
        self.width.map_or(PIPE_WIDTH, usize::from)
    }

    /// Tells the user, on standard error, what to know before trusting the results.
    pub(in crate::cli) fn warn(&self, text: impl Display) {
        if !self.quiet {
            note(style("warning:").yellow().bold().for_stderr(), text);
        }
    }

    /// Tells a user who asked for no warnings why a command ends in failure; others were warned.
    pub(in crate::cli) fn fail(&self, text: impl Display) {
        if self.quiet {
            note(style("error:").red().bold().for_stderr(), text);
        }
    }

    /// Tells the user, on standard error, where something was put.
    pub(in crate::cli) fn inform(&self, text: impl Display) {
        if !self.quiet {
            // A closed standard error is the user's choice.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// A bar over `total` steps of `what`, shown if it takes a person's time.
    pub(in crate::cli) fn progress(&self, what: &'static str, total: u64) -> Progress {
        Progress::new(what, Some(total), self.quiet)
    }

    /// A spinner over `what`, whose end is not known.
    pub(in crate::cli) fn spinner(&self, what: &'static str) -> Progress {
        Progress::new(what, None, self.quiet)
    }

    /// Hands out the last results, reports an error, and says how the process ends.
    pub(in crate::cli) fn close(mut self, end: Result<Exit, CliError>) -> Exit {
        let flushed = self.results.flush().map_err(CliError::output);
        match end.and_then(|exit| flushed.map(|()| exit)) {
            Ok(exit) => exit,
            Err(error) => {
                if !matches!(error, CliError::Closed) {
                    note(style("error:").red().bold().for_stderr(), &error);
                }
                error.exit()
            }
        }
    }
}

fn note(label: impl Display, text: impl Display) {
    // Nothing can be told to a user who closed standard error.
    let _ = writeln!(io::stderr(), "{label} {text}");
}
